"""Kubernetes objects as plain manifests: who they are, which pods they make, what selects whom."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Object = Mapping[str, Any]

LONG_RUNNING = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController")
_TEMPLATES = {
    "Pod": (),
    "PodTemplate": ("template",),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    **dict.fromkeys((*LONG_RUNNING, "Job"), ("spec", "template")),
}
"""Kind → where the object has its pod."""
_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")


@dataclass(frozen=True)
class Pod:
    """A pod, or the template of pods; where a field is missing, {} or () stands for it."""

    kind: str
    """Kind of the object that makes the pod."""
    metadata: Object
    spec: Object

    @property
    def security(self) -> Object:
        """What is set for all of its containers."""
        return entry(self.spec, "securityContext")

    def containers(self, *kinds: str) -> Iterator[tuple[str, Object]]:
        """Containers by name; `kinds` are fields of the spec, all three of them by default."""
        for kind in kinds or _CONTAINERS:
            for container in self.spec.get(kind) or ():
                yield str(container.get("name") or "?"), container

    def settings(self) -> Iterator[tuple[str, Object]]:
        """Security settings of the pod and of each container, with who sets them."""
        yield "the pod", self.security
        for name, container in self.containers():
            yield f"container {name}", entry(container, "securityContext")


def entry(value: Any, *path: str) -> Mapping[str, Any]:
    """The object at a path, {} where there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def kind_of(obj: Object) -> str:
    """Kind, "" where the object does not say."""
    return str(obj.get("kind") or "")


def name_of(obj: Object) -> str:
    """Name in the cluster, "" where it is made automatically."""
    return str(entry(obj, "metadata").get("name") or "")


def namespace_of(obj: Object) -> str:
    """Namespace that the object is in."""
    return str(entry(obj, "metadata").get("namespace") or "default")


def identity(obj: Object) -> str:
    """How a message names the object: `Deployment kaldra/kaldra-api`."""
    metadata = entry(obj, "metadata")
    place = f"{metadata['namespace']}/" if metadata.get("namespace") else ""
    return f"{kind_of(obj)} {place}{name_of(obj) or metadata.get('generateName') or '(unnamed)'}"


def pod_of(obj: Object) -> Pod | None:
    """The pod that the object is or makes; None where it makes none."""
    kind = kind_of(obj)
    if kind not in _TEMPLATES:
        return None
    template = entry(obj, *_TEMPLATES[kind])
    return Pod(kind, entry(template, "metadata"), entry(template, "spec"))


def selects(selector: Object, pod: Pod) -> bool:
    """Whether a label selector takes the pod; {} takes every one."""
    labels = entry(pod.metadata, "labels")
    if any(labels.get(key) != value for key, value in entry(selector, "matchLabels").items()):
        return False
    return all(_meets(labels, wanted) for wanted in selector.get("matchExpressions") or ())


def _meets(labels: Object, wanted: Object) -> bool:
    value, values = labels.get(str(wanted.get("key"))), wanted.get("values") or ()
    match wanted.get("operator"):
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case _:
            return value is None
