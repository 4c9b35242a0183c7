"""Kubernetes objects as plain manifests: which pods they make, and what a field of them is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Object = Mapping[str, Any]

Found = Iterator[tuple[str, str]]
"""Name of a rule, and what is wrong."""

Field = tuple[str, str, tuple[object, ...], str]
"""Name of a rule, a field, its allowed values (None: it may be missing), what another {} is."""

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

    metadata: Object
    spec: Object

    @property
    def security(self) -> Object:
        """What is set for all of its containers."""
        return entry(self.spec, "securityContext")

    def containers(self, *kinds: str) -> Iterator[tuple[str, Object]]:
        """`container NAME` and the container; `kinds` are fields of the spec, all by default."""
        for kind in kinds or _CONTAINERS:
            for container in self.spec.get(kind) or ():
                yield f"container {container.get('name')}", container

    def settings(self) -> Iterator[tuple[str, Object]]:
        """Security settings of the pod and of each container, with who sets them."""
        yield "the pod", self.security
        for who, container in self.containers():
            yield who, entry(container, "securityContext")


def pod_of(obj: Object) -> Pod | None:
    """The pod that the object is or makes; None where it makes none."""
    if obj["kind"] not in _TEMPLATES:
        return None
    template = entry(obj, *_TEMPLATES[obj["kind"]])
    return Pod(entry(template, "metadata"), entry(template, "spec"))


def entry(value: Any, *path: str) -> Mapping[str, Any]:
    """The object at a path, {} where there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def broken(who: str, values: Object, *fields: Field) -> Found:
    """The rules that the fields of an object break."""
    for rule, path, allowed, message in fields:
        *way, last = path.split(".")
        value = entry(values, *way).get(last)
        if value not in allowed:
            yield rule, f"{who} {message.format(value)}"
