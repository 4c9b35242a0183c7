"""Write the control plane's images as one OCI layout archive, on standard output.

Usage: pack_images.py BINARIES KUBERNETES ETCD COREDNS PAUSE METRICS_SERVER. Runs inside the node's
container. Kubernetes' own images share one layer with one program of many names; each of
the others is one static program on nothing. kube-proxy's also holds iptables and what that is
linked with.
"""

import hashlib
import io
import json
import platform
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any, BinaryIO

ARCH = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
PLATFORM = {"architecture": ARCH, "os": "linux"}
OCI = "application/vnd.oci.image."
IPTABLES = Path("/usr/sbin/xtables-nft-multi")
EXTENSIONS = Path(f"/usr/lib/{platform.machine()}-linux-gnu/xtables")
APPLETS = [f"{p}{s}" for p in ("iptables", "ip6tables") for s in ("", "-save", "-restore")]
KUBERNETES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy")
METRICS_SERVER = "metrics-server"


def libraries(programs: list[Path]) -> list[Path]:
    """Files that the dynamic loader opens for programs and modules."""
    command = ["ldd", *map(str, programs)]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603
    found = re.findall(r"^\s.*?(/\S+) \(0x", listed, re.MULTILINE)
    return [Path(path) for path in sorted(set(found))]


def iptables_files() -> dict[str, Path]:
    """Paths in the image → file here, for iptables and its extensions."""
    extensions = sorted(EXTENSIONS.iterdir())
    files = [IPTABLES, *extensions, *libraries([IPTABLES, *extensions])]
    return {str(path).lstrip("/"): path.resolve() for path in files}


class Layout:
    """An OCI image layout being written to a tar stream."""

    def __init__(self, output: BinaryIO) -> None:
        self.archive = tarfile.open(fileobj=output, mode="w|")  # noqa: SIM115  close() ends it
        self.known: set[str] = set()
        self.manifests: list[dict[str, Any]] = []

    def add(self, name: str, data: bytes) -> None:
        """Add a file."""
        entry = tarfile.TarInfo(name)
        entry.size = len(data)
        self.archive.addfile(entry, io.BytesIO(data))

    def blob(self, kind: str, data: bytes) -> dict[str, Any]:
        """Add a blob once; returns its descriptor."""
        digest = hashlib.sha256(data).hexdigest()
        if digest not in self.known:
            self.known.add(digest)
            self.add(f"blobs/sha256/{digest}", data)
        return {"mediaType": OCI + kind, "digest": f"sha256:{digest}", "size": len(data)}

    def image(self, name: str, layers: list[bytes], entrypoint: str) -> None:
        """Add an image of uncompressed layers."""
        added = [self.blob("layer.v1.tar", layer) for layer in layers]
        path = "PATH=/usr/local/bin:/usr/sbin:/usr/bin"
        config = {
            **PLATFORM,
            "config": {"Entrypoint": [entrypoint], "Env": [path]},
            "rootfs": {"type": "layers", "diff_ids": [each["digest"] for each in added]},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": OCI + "manifest.v1+json",
            "config": self.blob("config.v1+json", encoded(config)),
            "layers": added,
        }
        described = self.blob("manifest.v1+json", encoded(manifest))
        described["annotations"] = {"io.containerd.image.name": f"registry.k8s.io/{name}"}
        self.manifests.append({**described, "platform": PLATFORM})

    def close(self) -> None:
        """Write the index and end the archive."""
        self.add("oci-layout", encoded({"imageLayoutVersion": "1.0.0"}))
        self.add("index.json", encoded({"schemaVersion": 2, "manifests": self.manifests}))
        self.archive.close()


def encoded(document: object) -> bytes:
    """JSON that is the same for the same document."""
    return json.dumps(document, sort_keys=True).encode()


def layer(files: dict[str, Path], links: dict[str, str] | None = None) -> bytes:
    """A layer's tar: path in the image → file here, and path → link target."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, source in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = source.stat().st_size
            entry.mode = 0o755
            with source.open("rb") as file:
                archive.addfile(entry, file)
        for path, target in (links or {}).items():
            entry = tarfile.TarInfo(path)
            entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, target, 0o777
            archive.addfile(entry)
    return buffer.getvalue()


def main(
    folder: str, kubernetes: str, etcd: str, coredns: str, pause: str, metrics_server: str
) -> None:
    """Write every image that kubeadm of this version asks for, and metrics-server's."""
    binaries = Path(folder)
    layout = Layout(sys.stdout.buffer)
    kube = layer(
        {"usr/local/bin/kube": binaries / "kube"},
        {f"usr/local/bin/{name}": "kube" for name in (*KUBERNETES, METRICS_SERVER)},
    )
    iptables = layer(iptables_files(), {f"usr/sbin/{name}": IPTABLES.name for name in APPLETS})
    for name in KUBERNETES:
        layers = [kube, iptables] if name == "kube-proxy" else [kube]
        layout.image(f"{name}:v{kubernetes}", layers, f"/usr/local/bin/{name}")
    name = f"metrics-server/{METRICS_SERVER}:v{metrics_server}"
    layout.image(name, [kube], f"/usr/local/bin/{METRICS_SERVER}")
    for name, program in (
        (f"etcd:{etcd}", "usr/local/bin/etcd"),
        (f"coredns/coredns:v{coredns}", "coredns"),
        # kubeadm and containerd's configuration, which is kind's, name it differently.
        (f"pause:{pause}", "pause"),
        (re.sub(r"^(\d+\.\d+).*", r"pause:\1", pause), "pause"),
    ):
        layout.image(name, [layer({program: binaries / Path(program).name})], f"/{program}")
    layout.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
