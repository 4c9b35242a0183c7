"""The local registry: one container with its storage in a volume, on the cluster's network."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from kaldra.cluster.network import ensure_network
from kaldra.cluster.ports import require_free
from kaldra.cluster.spec import LABEL, REGISTRY_CONTAINER_PORT, ClusterSpec, registry_name
from kaldra.errors import KaldraError
from kaldra.progress import Progress
from kaldra.toolchain import docker_api

STORAGE = "/var/lib/registry"
START_SECONDS = 60.0
IDENTITY_LABEL = "io.kaldra.identity"
"""Label of the storage: a number of its own, given when it is made."""


@dataclass(frozen=True)
class Registry:
    """A registry that runs."""

    address: str
    """`localhost:<port>`, as images are named."""
    identity: str
    """Changes when its storage is made anew."""


def ensure_registry(spec: ClusterSpec, progress: Progress) -> Registry:
    """Start the registry, or make it; one that runs is left alone.

    Raises ConfigurationError when its port is taken, KaldraError when it does not start.
    """
    name = registry_name(spec.name)
    found = docker_api.container(name)
    if found is None or not _runs(found, spec.registry_port):
        with progress.step(f"registry localhost:{spec.registry_port}") as step:
            step.done(_bring_up(spec, found))
    volume = docker_api.request("GET", f"/volumes/{quote(name)}") or {}
    # Not the volume's CreatedAt: Docker tells the time of the last change in its folder.
    identity = (volume.get("Labels") or {}).get(IDENTITY_LABEL, "")
    return Registry(f"localhost:{spec.registry_port}", identity)


def is_running(spec: ClusterSpec) -> bool:
    """Whether the registry runs on the wanted port."""
    found = docker_api.container(registry_name(spec.name))
    return found is not None and _runs(found, spec.registry_port)


def delete_registry(cluster: str) -> None:
    """Remove container and storage; absent ones are no error."""
    name = registry_name(cluster)
    docker_api.request("DELETE", f"/containers/{quote(name)}?force=1&v=1")
    docker_api.request("DELETE", f"/volumes/{quote(name)}")


def _bring_up(spec: ClusterSpec, found: dict[str, Any] | None) -> str:
    name = registry_name(spec.name)
    ensure_network(spec.name)
    if found is not None and not _fits(found, spec.registry_port):
        docker_api.request("DELETE", f"/containers/{quote(name)}?force=1&v=1")
        found = None
    require_free(spec.registry_port, "the local registry", "kaldra:registryPort")
    summary = "started"
    if found is None:
        _create(spec)
        summary = "made"
    try:
        docker_api.request("POST", f"/containers/{quote(name)}/start", timeout=START_SECONDS)
    except KaldraError as error:
        raise KaldraError(
            f"The local registry does not start. {error}", hint=f"docker logs {name}"
        ) from None
    return summary


def _create(spec: ClusterSpec) -> None:
    name = registry_name(spec.name)
    _pull(spec.registry_image)
    labels = {LABEL: spec.name}
    # A volume that exists is kept, and keeps its labels.
    storage = {"Name": name, "Labels": {**labels, IDENTITY_LABEL: uuid4().hex}}
    docker_api.request("POST", "/volumes/create", body=storage)
    port = f"{REGISTRY_CONTAINER_PORT}/tcp"
    body = {
        "Image": spec.registry_image,
        "Labels": labels,
        "ExposedPorts": {port: {}},
        "HostConfig": {
            "PortBindings": {port: [{"HostIp": "127.0.0.1", "HostPort": str(spec.registry_port)}]},
            "Mounts": [{"Type": "volume", "Source": name, "Target": STORAGE}],
            "NetworkMode": spec.name,
            "RestartPolicy": {"Name": "unless-stopped"},
        },
    }
    created = docker_api.request(
        "POST", f"/containers/create?name={quote(name)}", body=body, timeout=START_SECONDS
    )
    if created is None:
        raise KaldraError(f"Docker has no image {spec.registry_image}.")


def _pull(image: str) -> None:
    """Have a publisher's image; one made here exists already."""
    if docker_api.image_id(image) is None:
        docker_api.request(
            "POST", f"/images/create?fromImage={quote(image, safe='')}", timeout=600.0
        )


def _runs(container: dict[str, Any], port: int) -> bool:
    return bool(container["State"]["Running"]) and _fits(container, port)


def _fits(container: dict[str, Any], port: int) -> bool:
    """Whether the container publishes the wanted port."""
    bindings = container["HostConfig"].get("PortBindings") or {}
    wanted = bindings.get(f"{REGISTRY_CONTAINER_PORT}/tcp") or []
    return any(binding.get("HostPort") == str(port) for binding in wanted)
