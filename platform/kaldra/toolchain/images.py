"""The images that services, registry and cluster are made of: the publisher's, or Debian's."""

import hashlib
import tempfile
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

from kaldra.errors import KaldraError
from kaldra.progress import Progress, Step
from kaldra.toolchain import debian, docker_client, image_archive
from kaldra.toolchain.commands import run
from kaldra.toolchain.docker_cli import docker_program
from kaldra.toolchain.files import link_or_copy, locked
from kaldra.toolchain.machine import machine
from kaldra.toolchain.probe import Route
from kaldra.versions import (
    COREDNS,
    ETCD_IMAGE_TAG,
    KUBERNETES,
    METRICS_SERVER,
    PAUSE,
    PYTHON_IMAGE,
    REGISTRY_IMAGE,
)

DATA = Path(__file__).parent / "data"
NODE_DATA = DATA / "node"
BASE_PACKAGES = ("python3", "ca-certificates")
AUTHORITIES = """\
COPY authorities.crt {0}
ENV SSL_CERT_FILE={0} PIP_CERT={0} REQUESTS_CA_BUNDLE={0}
""".format("/etc/ssl/certs/ca-certificates.crt")
INSTALL = f"RUN {debian.APT} apt-get install -y --no-install-recommends"
TIDY = "rm -rf /var/lib/apt/lists/* /var/cache/apt/*"
REGISTRY = f"""\
FROM {{base}}
{INSTALL} docker-registry \\
 && {TIDY} && mkdir -p /var/lib/registry
COPY config.yml /etc/docker/registry/config.yml
VOLUME /var/lib/registry
EXPOSE 5000
ENTRYPOINT ["/usr/bin/docker-registry"]
CMD ["serve", "/etc/docker/registry/config.yml"]
"""
REGISTRY_CONFIGURATION = b"""\
version: 0.1
log:
  level: warn
storage:
  filesystem:
    rootdirectory: /var/lib/registry
  delete:
    enabled: true
http:
  addr: :5000
"""
BINARIES = ("kube", "etcd", "coredns", "pause")
"""What a node consists of beside its packages; `kube` is all of Kubernetes' programs in one."""
NODE_REPOSITORY = "kaldra/node"
KEPT_SECONDS = 24 * 3600
"""Another clone on this machine may be about to use an image that is not the newest."""


def ensure_base(progress: Progress, route: Route) -> str:
    """The image of the services' last stage: Python and nothing of this machine."""
    if route is Route.PUBLISHER:
        return PYTHON_IMAGE
    key = debian.recipe_digest(
        debian.RELEASE, *debian.BOOTSTRAP, debian.TIDY, *BASE_PACKAGES, machine().arch
    )
    tag = f"kaldra/base:{key}"
    make = partial(debian.bootstrap, tag, BASE_PACKAGES, progress)
    image_archive.ensure(tag, make, progress)
    return tag


def ensure_builder(base: str, progress: Progress, route: Route) -> str:
    """The image of their first stage: the same with pip, trusting this host's authorities."""
    bundle = machine().ca_bundle
    if route is Route.PUBLISHER and bundle is None:
        return base
    dockerfile = f"FROM {base}\n" + (AUTHORITIES if bundle else "")
    if route is Route.REGISTRIES:
        dockerfile += f"{INSTALL} python3-pip && {TIDY}\n"
    files = {"authorities.crt": bundle.read_bytes() if bundle else b""}
    return debian.ensure("builder", dockerfile, files, progress)


def ensure_registry(base: str, progress: Progress, route: Route) -> str:
    """Reference of an image whose port 5000 serves the registry protocol."""
    if route is Route.PUBLISHER:
        return REGISTRY_IMAGE
    files = {"config.yml": REGISTRY_CONFIGURATION}
    return debian.ensure("registry", REGISTRY.format(base=base), files, progress)


def ensure_node_base(base: str, kind_files: Path, progress: Progress) -> str:
    """Make the package half of the node on `base`; needs nothing of Kubernetes.

    `kind_files` is the folder `images/base/files` of kind's Go module.
    """
    dockerfile = (NODE_DATA / "Dockerfile").read_text(encoding="utf-8")
    dockerfile = dockerfile.replace("ARG BASE_IMAGE\n", "").replace("${BASE_IMAGE}", base)
    dockerfile = dockerfile.replace("${APT}", debian.APT)
    kinds = sorted(path for path in kind_files.rglob("*") if path.is_file())
    files = {path.relative_to(kind_files).as_posix(): path.read_bytes() for path in kinds}
    if machine().missing_capabilities:
        # The runtime that asks for no more than the host has, and a containerd that does not try to
        # lower out-of-memory scores.
        files["usr/local/sbin/runc"] = (DATA / "runc-reduced").read_bytes()
        files["etc/containerd/restrict-oom-score"] = b"true"
    files = {f"files/{path}": content for path, content in files.items()}
    return debian.ensure("node-base", dockerfile, files, progress, title="node packages")


def ensure_node(node_base: str, binaries: Path, progress: Progress) -> str:
    """Build the node image on `node_base`, unless the engine has it already; return its tag.

    `binaries` is the folder of BINARIES.
    """
    programs = hashlib.sha256()
    for name in BINARIES:  # by size and time of change: reading them takes too long
        status = (binaries / name).stat()
        programs.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    texts = [path.read_bytes() for path in sorted(NODE_DATA.glob("*.*"))]  # not the Dockerfile
    key = debian.recipe_digest(node_base, programs.hexdigest()[:16], *texts)
    tag = f"{NODE_REPOSITORY}:v{KUBERNETES}-{key}"
    if docker_client.image_id(tag) is None:
        with locked(f"node-image-{key}"), progress.step(f"node image {tag}") as step:
            if docker_client.image_id(tag) is None:
                _assemble_node(tag, node_base, binaries, step)
                _forget_other_nodes(tag)
            step.done(f"Kubernetes {KUBERNETES}")
    return tag


def _assemble_node(tag: str, node_base: str, binaries: Path, step: Step) -> None:
    client, name = docker_program(), f"{tag.partition(':')[2]}-assembly"
    docker_client.remove_container(name)
    with tempfile.TemporaryDirectory() as folder:
        for binary in BINARIES:
            link_or_copy(binaries / binary, Path(folder) / binary)
        step.update("installing Kubernetes and its images")
        try:
            run(
                [
                    client, "run", "--name", name, "--privileged", "--network", "none",
                    "--entrypoint", "/bin/sh",
                    "--volume", f"{folder}:/in/bin:ro",
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


def _forget_other_nodes(tag: str) -> None:
    """Remove node images of earlier recipes that no cluster runs, once they are a day old."""
    with docker_client.engine() as api:
        images = api.images(NODE_REPOSITORY)
    for image in images:
        old = image["Created"] < time.time() - KEPT_SECONDS
        for other in image.get("RepoTags") or []:
            if old and other != tag:
                with suppress(KaldraError):
                    docker_client.remove_image(other)
