"""Pulumi's resources as the manifests that the rules are about.

A preview does not know every value yet. What is unknown is taken for what it will be if nothing
is wrong with it: a name, or an image by digest.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kaldra.rules import stack
from kaldra.rules.objects import Object, entry

UNKNOWN = "known-after-deployment@sha256:" + "0" * 64
"""Stands for a text that only the deployment will tell."""

_PREFIX = "kubernetes:"
_IMAGE = "docker:index/image:Image"


@dataclass(frozen=True)
class Resource:
    """A resource as a policy sees it: type, URN, properties whose unknown parts raise."""

    type: str
    urn: str
    properties: Mapping[str, Any]


def manifest(resource: Resource, unknown: type[Exception]) -> Object | None:
    """The object that the resource is; None where it is none of a cluster."""
    if not resource.type.startswith(_PREFIX):
        return None
    group, _, kind = resource.type.removeprefix(_PREFIX).partition(":")
    return {
        **_plain(resource.properties, unknown),
        "apiVersion": group.removeprefix("core/"),
        "kind": kind,
    }


def is_released(resources: Iterable[Resource], unknown: type[Exception]) -> bool:
    """Whether others use the stack, judged by the names of images that are known already."""
    resources = list(resources)
    names = [
        str(_plain(resource.properties, unknown).get("imageName") or "")
        for resource in resources
        if resource.type == _IMAGE
    ]
    objects = [obj for r in resources if (obj := manifest(r, unknown)) is not None]
    known = [image for image in stack.images_of(objects) if image != UNKNOWN]
    return stack.is_released([*names, *known])


def places_known(objects: Sequence[Object]) -> bool:
    """Whether every object's namespace is known: only then can they be looked at together."""
    return all(entry(obj, "metadata").get("namespace") != UNKNOWN for obj in objects)


def _plain(value: Any, unknown: type[Exception]) -> Any:
    if isinstance(value, Mapping):
        return {key: _known(value, key, unknown) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_known(value, index, unknown) for index in range(len(value))]
    return value


def _known(holder: Any, key: Any, unknown: type[Exception]) -> Any:
    try:
        return _plain(holder[key], unknown)
    except unknown:
        return UNKNOWN
