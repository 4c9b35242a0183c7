"""What the stack's registry stores, and its own garbage collection."""

import io
import json
import tarfile
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import PurePosixPath

from kaldra.cluster.registry import STORAGE
from kaldra.cluster.spec import ClusterSpec, registry_name
from kaldra.errors import KaldraError
from kaldra.toolchain import docker_client
from kaldra.toolchain.http_request import request

_CONFIGURATION = "/etc/docker/registry/config.yml"
_ACCEPTED = (
    "application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json"
)


def stored(cluster: str) -> tuple[list[str], frozenset[str]]:
    """Images as `repository@digest`, and the digests that have a tag."""
    root = f"{STORAGE}/docker/registry/v2/repositories"
    content = docker_client.archive(registry_name(cluster), root)
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


def blobs(port: int, image: str) -> dict[str, int]:
    """Sizes of an image's blobs by digest; empty where it is a list of images."""
    repository, _, digest = image.partition("@")
    status, body = _ask(port, "GET", f"/v2/{repository}/manifests/{digest}")
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
        status, _ = _ask(spec.registry_port, "DELETE", f"/v2/{repository}/manifests/{digest}")
        if status not in (HTTPStatus.ACCEPTED, HTTPStatus.NOT_FOUND):
            raise KaldraError(
                f"The registry refuses to delete {repository} (HTTP {status}).",
                hint="./kaldra down --all && ./kaldra up makes one that allows it",
            )
    name = registry_name(spec.name)
    collector = f"{name}-garbage"
    docker_client.remove_container(collector)
    image = str((docker_client.container(name) or {}).get("Image", ""))
    with docker_client.engine() as api:
        api.stop(name)
        try:
            api.create_container(
                image,
                name=collector,
                command=["garbage-collect", _CONFIGURATION],
                host_config=api.create_host_config(volumes_from=[name], network_mode="none"),
            )
            api.start(collector)
            code = api.wait(collector)["StatusCode"]
        finally:
            api.start(name)
            docker_client.remove_container(collector)
    if code != 0:
        raise KaldraError(f"The registry's garbage collection failed (exit code {code}).")


def _ask(port: int, method: str, path: str) -> tuple[int, bytes]:
    url, headers = f"http://127.0.0.1:{port}{path}", {"Accept": _ACCEPTED}
    try:
        return request(url, timeout=10, method=method, headers=headers)
    except OSError as error:
        raise KaldraError(
            f"The registry at localhost:{port} does not answer: {error}", hint="./kaldra doctor"
        ) from error
