"""The image of the dev cluster's node: the publisher's, or Debian plus freshly built Kubernetes."""

import hashlib
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from kaldra.errors import KaldraError
from kaldra.progress import Progress, Step
from kaldra.toolchain import debian, docker_client
from kaldra.toolchain.commands import run
from kaldra.toolchain.docker_cli import docker_program
from kaldra.toolchain.files import link_or_copy, locked
from kaldra.toolchain.machine import Machine, machine
from kaldra.versions import COREDNS, ETCD_IMAGE_TAG, KUBERNETES, METRICS_SERVER, PAUSE

DATA = Path(__file__).parent / "data"
NODE_DATA = DATA / "node"
BINARIES = ("kube", "etcd", "coredns", "pause")
"""What a node consists of beside its packages; `kube` is all of Kubernetes' programs in one."""

REPOSITORY = "kaldra/node"
KEPT_SECONDS = 24 * 3600
"""Another clone on this machine may be about to use an image that is not the newest."""


def ensure_node_base(base: str, kind_files: Path, progress: Progress) -> str:
    """Make the package half of the node on `base`; needs nothing of Kubernetes.

    `kind_files` is the folder `images/base/files` of kind's Go module.
    """
    dockerfile = (NODE_DATA / "Dockerfile").read_text(encoding="utf-8")
    for name, value in (("ARG BASE_IMAGE\n", ""), ("${BASE_IMAGE}", base), ("${APT}", debian.APT)):
        dockerfile = dockerfile.replace(name, value)
    kinds = sorted(path for path in kind_files.rglob("*") if path.is_file())
    files = {path.relative_to(kind_files).as_posix(): path.read_bytes() for path in kinds}
    files = {f"files/{path}": content for path, content in (files | own_files(machine())).items()}
    return debian.ensure("node-base", dockerfile, files, progress, title="node packages")


def ensure_node_image(node_base: str, binaries: Path, progress: Progress) -> str:
    """Build the node image on `node_base`, unless the engine has it already; return its tag.

    `binaries` is the folder of BINARIES.
    """
    texts = [path.read_bytes() for path in sorted(NODE_DATA.glob("*.*"))]  # not the Dockerfile
    key = debian.recipe_digest(node_base, _digest(binaries), *texts)
    tag = f"{REPOSITORY}:v{KUBERNETES}-{key}"
    if docker_client.image_id(tag) is None:
        with locked(f"node-image-{key}"), progress.step(f"node image {tag}") as step:
            if docker_client.image_id(tag) is None:
                _assemble(tag, node_base, binaries, step)
                _forget_others(tag)
            step.done(f"Kubernetes {KUBERNETES}")
    return tag


def _assemble(tag: str, node_base: str, binaries: Path, step: Step) -> None:
    client, name = docker_program(), f"{tag.partition(':')[2]}-assembly"
    docker_client.remove_container(name)
    with tempfile.TemporaryDirectory() as folder:
        incoming = Path(folder)
        for binary in BINARIES:
            link_or_copy(binaries / binary, incoming / binary)
        step.update("installing Kubernetes and its images")
        try:
            run(
                [
                    client, "run", "--name", name, "--privileged", "--network", "none",
                    "--entrypoint", "/bin/sh",
                    "--volume", f"{incoming}:/in/bin:ro",
                    "--volume", f"{NODE_DATA}:/in/data:ro",
                    node_base,
                    "/in/data/assemble.sh",
                    KUBERNETES, ETCD_IMAGE_TAG, COREDNS, PAUSE, METRICS_SERVER,
                ],
                what="Assembling the node image",
            )  # fmt: skip
            step.update("committing")
            run(
                [
                    client, "commit",
                    "--change", 'ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]',
                    "--change", "CMD []",
                    name, tag,
                ],
                what="Committing the node image",
            )  # fmt: skip
        finally:
            docker_client.remove_container(name)


def _forget_others(tag: str) -> None:
    """Remove node images of earlier recipes that no cluster runs, once they are a day old."""
    with docker_client.engine() as api:
        images = api.images(REPOSITORY)
    for image in images:
        old = image["Created"] < time.time() - KEPT_SECONDS
        for other in image.get("RepoTags") or []:
            if old and other != tag:
                with suppress(KaldraError), docker_client.engine() as api:
                    api.remove_image(other)


def own_files(here: Machine) -> dict[str, bytes]:
    """Files that a node needs on this host beside kind's: path in the image → content.

    On a host with a reduced capability set, the runtime that asks for no more than it has, and
    a containerd that does not try to lower out-of-memory scores.
    """
    if not here.missing_capabilities:
        return {}
    return {
        "usr/local/sbin/runc": (DATA / "runc-reduced").read_bytes(),
        "etc/containerd/restrict-oom-score": b"true",
    }


def _digest(binaries: Path) -> str:
    """Digest of all binaries by size and time of change: reading them takes too long."""
    whole = hashlib.sha256()
    for name in BINARIES:
        stat = (binaries / name).stat()
        whole.update(f"{name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return whole.hexdigest()[:16]
