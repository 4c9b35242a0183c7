"""Whether what a stack deployed is still as it left it: asked where a refresh would cost more."""

import threading
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from kaldra.cli.workspace import Workspace
from kaldra.errors import KaldraError
from kaldra.plugins.kubernetes import kubeconfig
from kaldra.plugins.kubernetes.client import Client
from kaldra.plugins.kubernetes.kinds import Kind, kind_of

_OBJECTS = "kubernetes:"

Found = Mapping[str, Any]


class Reader(Protocol):
    """What is needed of a cluster's client."""

    def listed(self, kind: Kind, namespace: str) -> list[dict[str, Any]]:
        """Objects of a kind, of one namespace where the kind is namespaced."""


def untouched(workspace: Workspace) -> bool:
    """Whether every object in the cluster is the one that the stack's state saw last.

    False also where that cannot be told; then a refresh tells, or fails with the reason.
    """
    settings = workspace.settings
    resources = workspace.deployment().get("resources") or []
    try:
        access = kubeconfig.load(settings.kubeconfig_path, context=settings.context)
        client = Client(access, threading.Event(), warn=lambda _: None)
        try:
            return unchanged(resources, client)
        finally:
            client.close()
    except KaldraError:
        return False


def unchanged(resources: Iterable[Found], cluster: Reader) -> bool:
    """Compare the objects of a state's resources with those in the cluster."""
    seen: dict[tuple[Kind, str], dict[str, tuple[str, ...]]] = {}
    for resource in resources:
        if not resource["type"].startswith(_OBJECTS) or not resource.get("custom"):
            continue
        metadata = (resource.get("outputs") or {}).get("metadata") or {}
        if not metadata.get("uid"):
            return False
        place = kind_of(resource["type"]), str(metadata.get("namespace") or "")
        seen.setdefault(place, {})[metadata["name"]] = _edition(metadata)
    for (kind, namespace), objects in seen.items():
        there = {o["metadata"]["name"]: o["metadata"] for o in cluster.listed(kind, namespace)}
        if any(
            name not in there or _edition(there[name]) != seen for name, seen in objects.items()
        ):
            return False
    return bool(seen)


def _edition(metadata: Found) -> tuple[str, ...]:
    """Which object, and which version of it.

    Kubernetes counts changes of what is wanted, or, for kinds that want nothing, of everything.
    """
    version = int(metadata.get("generation") or metadata.get("resourceVersion") or 0)
    # Labels are changed without a new generation, and are what services and policies select by.
    labels = sorted((metadata.get("labels") or {}).items())
    return str(metadata["uid"]), str(version), repr(labels)
