"""The local registry: one container with its storage in a volume, on the cluster's network."""

import io
import json
import tarfile
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import uuid4

from kaldra.cluster.network import ensure_network
from kaldra.cluster.ports import require_free
from kaldra.cluster.spec import LABEL, REGISTRY_CONTAINER_PORT, ClusterSpec
from kaldra.errors import KaldraError
from kaldra.progress import Progress
from kaldra.toolchain import docker_client
from kaldra.toolchain.http_request import request

CONFIGURATION = "/etc/docker/registry/config.yml"
ACCEPTED = (
    "application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json"
)
STORAGE = "/var/lib/registry"
IDENTITY_LABEL = "io.kaldra.identity"
"""Label of the storage: a number of its own, given when it is made."""


def ensure_registry(spec: ClusterSpec, progress: Progress) -> str:
    """Start the registry, or make it; returns an identity that changes with its storage.

    Raises ConfigurationError when its port is taken, KaldraError when it does not start.
    """
    if not is_running(spec):
        with progress.step(f"registry localhost:{spec.registry_port}") as step:
            step.done(_bring_up(spec))
    volume = docker_client.volume(spec.registry) or {}
    # Not the volume's CreatedAt: Docker tells the time of the last change in its folder.
    return str((volume.get("Labels") or {}).get(IDENTITY_LABEL, ""))


def is_running(spec: ClusterSpec) -> bool:
    """Whether the registry runs on the wanted port."""
    found = docker_client.container(spec.registry)
    return bool(found and docker_client.runs(found) and _fits(found, spec))


def write_hosts(spec: ClusterSpec) -> None:
    """Point the node's containerd at the registry; it reads the file at each pull."""
    path = f"etc/containerd/certs.d/localhost:{spec.registry_port}/hosts.toml"
    address = f"http://{spec.registry}:{REGISTRY_CONTAINER_PORT}"
    text = f'[host."{address}"]\n  capabilities = ["pull", "resolve"]\n'.encode()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for folder in reversed(Path(path).parents[:-1]):
            entry = tarfile.TarInfo(str(folder))
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        entry = tarfile.TarInfo(path)
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))
    with docker_client.engine() as api:
        api.put_archive(spec.node, "/", buffer.getvalue())


def _bring_up(spec: ClusterSpec) -> str:
    name = spec.registry
    found = docker_client.container(name)
    ensure_network(spec.name)
    if found is not None and not _fits(found, spec):
        if docker_client.container(spec.node) is not None:
            write_hosts(spec)
        docker_client.remove_container(name)
        found = None
    if not (found and found["State"]["Running"]):  # a paused one has its port
        require_free(spec.registry_port, "the local registry", "kaldra:registryPort")
    summary = "started"
    if found is None:
        _create(spec)
        summary = "made"
    try:
        docker_client.start(name)
    except KaldraError as error:
        raise KaldraError(
            f"The local registry does not start. {error}", hint=f"docker logs {name}"
        ) from None
    return summary


def _create(spec: ClusterSpec) -> None:
    name, labels = spec.registry, {LABEL: spec.name}
    port = f"{REGISTRY_CONTAINER_PORT}/tcp"
    present = docker_client.image_id(spec.registry_image) is not None
    with docker_client.engine() as api:
        if not present:  # the publisher's; one built here is always present
            api.pull(spec.registry_image)
        # A volume that exists is kept, and keeps its labels.
        api.create_volume(name, labels={**labels, IDENTITY_LABEL: uuid4().hex})
        api.create_container(
            spec.registry_image,
            name=name,
            labels=labels,
            ports=[port],
            environment={"REGISTRY_STORAGE_DELETE_ENABLED": "true"},
            host_config=api.create_host_config(
                port_bindings={port: ("127.0.0.1", spec.registry_port)},
                binds=[f"{name}:{STORAGE}"],
                network_mode=spec.name,
                restart_policy={"Name": "unless-stopped"},
            ),
        )


def _fits(container: dict[str, Any], spec: ClusterSpec) -> bool:
    """Whether the container publishes the wanted port."""
    bindings = container["HostConfig"].get("PortBindings") or {}
    wanted = bindings.get(f"{REGISTRY_CONTAINER_PORT}/tcp") or []
    return any(binding.get("HostPort") == str(spec.registry_port) for binding in wanted)


def stored(spec: ClusterSpec) -> tuple[list[str], frozenset[str]]:
    """Images as `repository@digest`, and the digests that have a tag."""
    root = f"{STORAGE}/docker/registry/v2/repositories"
    content = docker_client.archive(spec.registry, root)
    if content is None:  # nothing was pushed yet
        return [], frozenset()
    images, tagged = [], set()
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for entry in archive:
            path = PurePosixPath(entry.name)
            if path.name != "link" or "_manifests" not in path.parts:
                continue
            place = path.parts.index("_manifests")
            kind, *rest = path.parts[place + 1 :]
            if kind == "revisions":
                images.append(f"{'/'.join(path.parts[1:place])}@{':'.join(rest[:2])}")
            elif rest[1:2] == ["current"] and (link := archive.extractfile(entry)):
                tagged.add(link.read().decode("ascii"))
    return sorted(images), frozenset(tagged)


def blobs(spec: ClusterSpec, image: str) -> dict[str, int]:
    """Sizes of an image's blobs by digest; empty where it is a list of images."""
    repository, _, digest = image.partition("@")
    status, body = _ask(spec, "GET", f"/v2/{repository}/manifests/{digest}")
    manifest = json.loads(body) if status == HTTPStatus.OK else {}
    parts = [*manifest.get("layers", ()), *filter(None, [manifest.get("config")])]
    return {part["digest"]: part["size"] for part in parts}


def remove(spec: ClusterSpec, images: Iterable[str]) -> None:
    """Remove images, then what only they used, while the registry is stopped.

    It caches which blobs it has, so collecting while it runs would make later pushes incomplete.
    Raises KaldraError where it was made without the permission to delete.
    """
    for image in images:
        repository, _, digest = image.partition("@")
        status, _ = _ask(spec, "DELETE", f"/v2/{repository}/manifests/{digest}")
        if status not in (HTTPStatus.ACCEPTED, HTTPStatus.NOT_FOUND):
            raise KaldraError(
                f"The registry refuses to delete {repository} (HTTP {status}).",
                hint="./kaldra down --all && ./kaldra up makes one that allows it",
            )
    name = spec.registry
    collector = f"{name}-garbage"
    docker_client.remove_container(collector)
    image = str((docker_client.container(name) or {}).get("Image", ""))
    with docker_client.engine() as api:
        api.stop(name)
        try:
            api.create_container(
                image,
                name=collector,
                command=["garbage-collect", CONFIGURATION],
                host_config=api.create_host_config(volumes_from=[name], network_mode="none"),
            )
            api.start(collector)
            code = api.wait(collector)["StatusCode"]
        finally:
            api.start(name)
            docker_client.remove_container(collector)
    if code != 0:
        raise KaldraError(f"The registry's garbage collection failed (exit code {code}).")


def _ask(spec: ClusterSpec, method: str, path: str) -> tuple[int, bytes]:
    url, headers = f"http://127.0.0.1:{spec.registry_port}{path}", {"Accept": ACCEPTED}
    try:
        return request(url, timeout=10, method=method, headers=headers)
    except OSError as error:
        raise KaldraError(
            f"The registry at localhost:{spec.registry_port} does not answer: {error}",
            hint="./kaldra doctor",
        ) from error
