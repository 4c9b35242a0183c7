"""A registry as staging has one: over TLS, with a password, known to nobody by default."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from kaldra.toolchain.prepare import Prepared
from tests.e2e.docker import docker
from tests.e2e.staging.authority import Authority

PORT = 5000
ACCOUNTS = {"pusher": "pushes-Yt7c3Lw0pQz", "puller": "pulls-Mk29sVbX4nRe"}
"""Passwords by user."""
HASH = """
import crypt, sys
print(crypt.crypt(sys.stdin.read(), crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16)))
"""
ENGINE_TRUST = Path("/etc/docker/certs.d")
"""Where the Docker Engine looks for authorities, by a registry's address."""


@dataclass(frozen=True)
class Registry:
    """The container `name` on the network of the same name; `address` is good on every node."""

    name: str
    address: str
    authority: Authority

    @classmethod
    def start(cls, name: str, port: int, folder: Path, images: Prepared) -> "Registry":
        """Serve on the network's gateway, where this machine and the nodes both reach it."""
        gateway = docker(
            "network", "inspect", name, "--format", "{{(index .IPAM.Config 0).Gateway}}"
        )
        authority = Authority.new(folder)
        registry = cls(name, f"{gateway}:{port}", authority)
        registry.certify()
        hashed = [f"{user}:{_hashed(own, images.base_image)}" for user, own in ACCOUNTS.items()]
        (folder / "htpasswd").write_text("\n".join(hashed) + "\n")
        settings = {
            "REGISTRY_AUTH": "htpasswd",
            "REGISTRY_AUTH_HTPASSWD_REALM": "staging",
            "REGISTRY_AUTH_HTPASSWD_PATH": "/own/htpasswd",
            "REGISTRY_HTTP_TLS_CERTIFICATE": "/own/registry.crt",
            "REGISTRY_HTTP_TLS_KEY": "/own/registry.key",
        }
        docker(
            "run", "--detach", "--name", f"{name}-registry", "--network", name,
            "--publish", f"{registry.address}:{PORT}", "--volume", f"{folder}:/own:ro",
            "--label", f"io.kaldra.cluster={name}",
            *(f"--env={key}={value}" for key, value in settings.items()),
            str(images.registry_image),
        )  # fmt: skip
        registry.trusted_here.mkdir(parents=True, exist_ok=True)
        (registry.trusted_here / "ca.crt").write_bytes(authority.certificate.read_bytes())
        return registry

    def certify(self, *, expired: bool = False) -> None:
        self.authority.sign("registry", f"IP:{self.address.partition(':')[0]}", expired=expired)

    def restart(self) -> None:
        """Serve with what `certify` made last."""
        docker("restart", "--time=1", f"{self.name}-registry")

    def trust(self, node: str) -> None:
        """Let a node's containerd know the authority."""
        folder = f"/etc/containerd/certs.d/{self.address}"
        docker("exec", node, "mkdir", "-p", folder)
        docker("cp", str(self.authority.certificate), f"{node}:{folder}/ca.crt")
        # The server itself, not a mirror of it: a mirror's "not found" is asked again elsewhere.
        hosts = f'server = "https://{self.address}"\nca = "{folder}/ca.crt"\n'
        command = ("docker", "exec", "-i", node, "cp", "/dev/stdin", f"{folder}/hosts.toml")
        subprocess.run(command, input=hosts, text=True, check=True)

    @property
    def trusted_here(self) -> Path:
        return ENGINE_TRUST / self.address


def _hashed(password: str, image: str) -> str:
    """A password as htpasswd files have it; made in a container, whose Python still can."""
    command = ("docker", "run", "--rm", "-i", "--entrypoint=python3", image, "-Wignore", "-c", HASH)
    done = subprocess.run(command, input=password, capture_output=True, text=True, check=True)
    return done.stdout.strip()
