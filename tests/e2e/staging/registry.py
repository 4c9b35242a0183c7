"""A registry as staging has one: over TLS, with a password, known to nobody by default."""

import shutil
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.e2e.docker import docker
from tests.e2e.staging import authority

PORT = 5000
ACCOUNTS = {"pusher": "pushes-Yt7c3Lw0pQz", "puller": "pulls-Mk29sVbX4nRe"}
"""Passwords by user."""
HTPASSWD = """\
pusher:$2b$04$gN2i0sj9SBN3cAipo82SeO/0lmMKR5vJCbeWVtauV8bkiBaHv20o2
puller:$2b$04$W3bjxLwAVgscXnSoMPKeV.Z4JOm1DbCTYdOMdkr/uWM0XdHoXa9NS
"""
"""The same for the registry, as `htpasswd -B` writes it."""
SETTINGS = {
    "REGISTRY_AUTH": "htpasswd",
    "REGISTRY_AUTH_HTPASSWD_REALM": "staging",
    "REGISTRY_AUTH_HTPASSWD_PATH": "/own/htpasswd",
    "REGISTRY_HTTP_TLS_CERTIFICATE": "/own/registry.crt",
    "REGISTRY_HTTP_TLS_KEY": "/own/registry.key",
}
ENGINE_TRUST = Path("/etc/docker/certs.d")
"""Where the Docker Engine looks for authorities, by a registry's address."""


@dataclass(frozen=True)
class Registry:
    """The container of an image on a network, whose address is good on every node."""

    network: str
    port: int
    folder: Path
    """Its authority, and what that has signed."""
    image: str

    @cached_property
    def address(self) -> str:
        """The network's gateway, where this machine and the nodes both reach it."""
        gateway = "{{(index .IPAM.Config 0).Gateway}}"
        return f"{docker('network', 'inspect', self.network, '--format', gateway)}:{self.port}"

    def start(self) -> None:
        """Serve, trusted by this machine's engine."""
        self.folder.mkdir()
        authority.create(self.folder)
        self.certify()
        (self.folder / "htpasswd").write_text(HTPASSWD)
        docker(
            "run", "--detach", "--name", f"{self.network}-registry", "--network", self.network,
            "--publish", f"{self.address}:{PORT}", "--volume", f"{self.folder}:/own:ro",
            "--label", f"io.kaldra.cluster={self.network}",
            *(f"--env={key}={value}" for key, value in SETTINGS.items()),
            self.image,
        )  # fmt: skip
        trusted = ENGINE_TRUST / self.address
        trusted.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.certificate, trusted)

    @property
    def certificate(self) -> Path:
        """The authority's."""
        return self.folder / "ca.crt"

    def certify(self, *, expired: bool = False) -> None:
        host = self.address.partition(":")[0]
        authority.sign(self.folder, "registry", f"IP:{host}", expired=expired)

    def restart(self) -> None:
        """Serve with what `certify` made last."""
        docker("restart", "--time=1", f"{self.network}-registry")

    def trust(self, node: str) -> None:
        """Let a node's containerd know the authority."""
        folder = f"/etc/containerd/certs.d/{self.address}"
        # The server itself, not a mirror of it: a mirror's "not found" is asked again elsewhere.
        hosts = self.folder / "hosts.toml"
        hosts.write_text(f'server = "https://{self.address}"\nca = "{folder}/ca.crt"\n')
        docker("exec", node, "mkdir", "-p", folder)
        for file in (self.certificate, hosts):
            docker("cp", str(file), f"{node}:{folder}/{file.name}")

    def forget(self) -> None:
        """End the engine's trust."""
        shutil.rmtree(ENGINE_TRUST / self.address)
        with suppress(OSError):  # there are others
            ENGINE_TRUST.rmdir()
