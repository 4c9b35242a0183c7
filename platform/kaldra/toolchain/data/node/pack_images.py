"""Write the control plane's images as one OCI layout archive. Runs inside the node's container.

Usage: pack_images.py BINARIES KUBERNETES ETCD COREDNS PAUSE OUTPUT. Each image is one static
binary on nothing, but kube-proxy's, which also holds iptables and what that is linked with.
"""

import hashlib
import io
import json
import os
import platform
import re
import subprocess
import sys
import tarfile

ARCH = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
IPTABLES = "/usr/sbin/xtables-nft-multi"
APPLETS = [f"{p}{s}" for p in ("iptables", "ip6tables") for s in ("", "-save", "-restore")]


def libraries(program):
    """Files that the dynamic loader opens for a program."""
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    return sorted(set(re.findall(r"(/\S+)", listed)))


def iptables_files():
    """Paths in the image → file here, for iptables."""
    extensions = "/usr/lib/x86_64-linux-gnu/xtables" if ARCH == "amd64" else (
        "/usr/lib/aarch64-linux-gnu/xtables"
    )
    files = [IPTABLES, *libraries(IPTABLES)]
    files += [f"{extensions}/{name}" for name in sorted(os.listdir(extensions))]
    for extension in [f"{extensions}/libxt_set.so", f"{extensions}/libxt_conntrack.so"]:
        if os.path.exists(extension):
            files += libraries(extension)
    return {path.lstrip("/"): os.path.realpath(path) for path in dict.fromkeys(files)}


class Layout:
    """An OCI image layout being written to a tar archive."""

    def __init__(self, path):
        self.archive = tarfile.open(path, "w")
        self.known = set()
        self.manifests = []

    def add(self, name, data):
        """Add a small file."""
        entry = tarfile.TarInfo(name)
        entry.size = len(data)
        self.archive.addfile(entry, io.BytesIO(data))

    def blob(self, data):
        """Add a blob once; returns its digest."""
        digest = hashlib.sha256(data).hexdigest()
        if digest not in self.known:
            self.known.add(digest)
            self.add(f"blobs/sha256/{digest}", data)
        return f"sha256:{digest}"

    def image(self, name, layer, entrypoint):
        """Add an image of one layer."""
        diff = self.blob(layer)
        config = self._json({
            "architecture": ARCH,
            "os": "linux",
            "config": {"Entrypoint": entrypoint, "Env": ["PATH=/usr/local/bin:/usr/sbin:/usr/bin"]},
            "rootfs": {"type": "layers", "diff_ids": [diff]},
        })
        manifest = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": self.blob(config),
                "size": len(config),
            },
            "layers": [{
                "mediaType": "application/vnd.oci.image.layer.v1.tar",
                "digest": diff,
                "size": len(layer),
            }],
        }
        data = self._json(manifest)
        self.manifests.append({
            "mediaType": manifest["mediaType"],
            "digest": self.blob(data),
            "size": len(data),
            "annotations": {"io.containerd.image.name": name},
            "platform": {"architecture": ARCH, "os": "linux"},
        })

    def close(self):
        """Write the index and end the archive."""
        self.add("oci-layout", self._json({"imageLayoutVersion": "1.0.0"}))
        self.add("index.json", self._json({"schemaVersion": 2, "manifests": self.manifests}))
        self.archive.close()

    @staticmethod
    def _json(document):
        return json.dumps(document, sort_keys=True).encode()


def layer(files, links=None):
    """A layer's tar: path in the image → file here, and path → link target."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, source in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = os.path.getsize(source)
            entry.mode = 0o755
            with open(source, "rb") as file:
                archive.addfile(entry, file)
        for path, target in (links or {}).items():
            entry = tarfile.TarInfo(path)
            entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, target, 0o777
            archive.addfile(entry)
    return buffer.getvalue()


def main(binaries, kubernetes, etcd, coredns, pause, output):
    """Write every image that kubeadm of this version asks for."""
    layout = Layout(output)
    for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler"):
        content = layer({f"usr/local/bin/{name}": f"{binaries}/{name}"})
        layout.image(f"registry.k8s.io/{name}:v{kubernetes}", content, [f"/usr/local/bin/{name}"])
    proxy = layer(
        {"usr/local/bin/kube-proxy": f"{binaries}/kube-proxy", **iptables_files()},
        {f"usr/sbin/{applet}": os.path.basename(IPTABLES) for applet in APPLETS},
    )
    layout.image(f"registry.k8s.io/kube-proxy:v{kubernetes}", proxy, ["/usr/local/bin/kube-proxy"])
    single = {
        f"registry.k8s.io/etcd:{etcd}": ("etcd", "usr/local/bin/etcd"),
        f"registry.k8s.io/coredns/coredns:v{coredns}": ("coredns", "coredns"),
        f"registry.k8s.io/pause:{pause}": ("pause", "pause"),
    }
    for image, (name, path) in single.items():
        layout.image(image, layer({path: f"{binaries}/{name}"}), [f"/{path}"])
    sandbox = re.sub(r"^(\d+\.\d+).*", r"\1", pause)
    layout.image(f"registry.k8s.io/pause:{sandbox}", layer({"pause": f"{binaries}/pause"}), ["/pause"])
    layout.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
