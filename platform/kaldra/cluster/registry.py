"""The local registry: one container with its storage in a volume, on the cluster's network."""

import io
import tarfile
from pathlib import Path
from typing import Any
from uuid import uuid4

from kaldra.cluster.network import ensure_network
from kaldra.cluster.ports import require_free
from kaldra.cluster.spec import (
    LABEL,
    REGISTRY_CONTAINER_PORT,
    ClusterSpec,
    node_name,
    registry_name,
)
from kaldra.errors import KaldraError
from kaldra.progress import Progress
from kaldra.toolchain import docker_client

STORAGE = "/var/lib/registry"
IDENTITY_LABEL = "io.kaldra.identity"
"""Label of the storage: a number of its own, given when it is made."""


def ensure_registry(spec: ClusterSpec, progress: Progress) -> str:
    """Start the registry, or make it; returns an identity that changes with its storage.

    Raises ConfigurationError when its port is taken, KaldraError when it does not start.
    """
    name = registry_name(spec.name)
    found = docker_client.container(name)
    if not (found and docker_client.runs(found) and _fits(found, spec.registry_port)):
        with progress.step(f"registry localhost:{spec.registry_port}") as step:
            step.done(_bring_up(spec, found))
    volume = docker_client.volume(name) or {}
    # Not the volume's CreatedAt: Docker tells the time of the last change in its folder.
    return str((volume.get("Labels") or {}).get(IDENTITY_LABEL, ""))


def is_running(spec: ClusterSpec) -> bool:
    """Whether the registry runs on the wanted port."""
    found = docker_client.container(registry_name(spec.name))
    return bool(found and docker_client.runs(found) and _fits(found, spec.registry_port))


def write_hosts(spec: ClusterSpec) -> None:
    """Point the node's containerd at the registry; it reads the file at each pull."""
    path = f"etc/containerd/certs.d/localhost:{spec.registry_port}/hosts.toml"
    address = f"http://{registry_name(spec.name)}:{REGISTRY_CONTAINER_PORT}"
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
        api.put_archive(node_name(spec.name), "/", buffer.getvalue())


def delete_registry(cluster: str) -> None:
    """Remove container and storage; absent ones are no error."""
    name = registry_name(cluster)
    docker_client.remove_container(name)
    docker_client.remove_volume(name)


def _bring_up(spec: ClusterSpec, found: dict[str, Any] | None) -> str:
    name = registry_name(spec.name)
    ensure_network(spec.name)
    if found is not None and not _fits(found, spec.registry_port):
        if docker_client.container(node_name(spec.name)) is not None:
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
    name, labels = registry_name(spec.name), {LABEL: spec.name}
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


def _fits(container: dict[str, Any], port: int) -> bool:
    """Whether the container publishes the wanted port."""
    bindings = container["HostConfig"].get("PortBindings") or {}
    wanted = bindings.get(f"{REGISTRY_CONTAINER_PORT}/tcp") or []
    return any(binding.get("HostPort") == str(port) for binding in wanted)
