"""Kubernetes objects as plain dictionaries: names, annotations, and comparable forms."""

import base64
import binascii
import copy
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from kaldra.plugins.diffs import Path
from kaldra.plugins.values import Secret, Unknown

Object = dict[str, Any]

AUTONAMED = "pulumi.com/autonamed"
SKIP_AWAIT = "pulumi.com/skipAwait"
TIMEOUT_SECONDS = "pulumi.com/timeoutSeconds"
PATCH_FORCE = "pulumi.com/patchForce"
PATCH_MANAGER = "pulumi.com/patchFieldManager"
DELETION_PROPAGATION = "pulumi.com/deletionPropagationPolicy"

_STEP = re.compile(r"([^.\[\]]+)|\[([^\]]+)\]")
_READ_ONLY = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "uid",
)


def name_of(obj: Object) -> Any:
    """Metadata's name; "" when unset, possibly unknown."""
    return _metadata(obj).get("name") or ""


def namespace_of(obj: Object) -> Any:
    """Metadata's namespace; "" when unset, possibly unknown."""
    return _metadata(obj).get("namespace") or ""


def annotation(obj: Object, key: str) -> str:
    """Value of an annotation, "" where there is none that is known."""
    annotations = _metadata(obj).get("annotations")
    value = annotations.get(key) if isinstance(annotations, dict) else None
    return value if isinstance(value, str) else ""


def is_true(obj: Object, key: str) -> bool:
    """Whether an annotation says "true"."""
    return annotation(obj, key) == "true"


def set_annotation(obj: Object, key: str, value: str) -> None:
    """Add an annotation, unless the annotations are not known yet."""
    metadata = obj.setdefault("metadata", {})
    if isinstance(metadata, dict) and isinstance(metadata.setdefault("annotations", {}), dict):
        metadata["annotations"][key] = value


def where_is(obj: Object) -> tuple[str, str]:
    """Namespace ("" if none) and name of an object."""
    return namespace_of(obj), name_of(obj)


def id_of(obj: Object) -> str:
    """Identity within the cluster: `namespace/name`, or `name`."""
    namespace, name = namespace_of(obj), name_of(obj)
    return f"{namespace}/{name}" if namespace else str(name)


def split_id(id_: str) -> tuple[str, str]:
    """Namespace ("" if none) and name of an id."""
    namespace, _, name = id_.rpartition("/")
    return namespace, name


def _metadata(obj: Object) -> Object:
    metadata = obj.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def normalized(obj: Object) -> Object:
    """Copy inputs in the form the server keeps them: no read-only fields, secrets as data."""
    obj = copy.deepcopy(obj)
    if isinstance(metadata := obj.get("metadata"), dict):
        for key in _READ_ONLY:
            metadata.pop(key, None)
    if obj.get("kind") == "Secret" and obj.get("apiVersion") == "v1":
        _normalize_secret(obj)
    return obj


def _normalize_secret(obj: Object) -> None:
    plain, data = obj.get("stringData"), obj.get("data")
    if isinstance(data, dict):
        data = {key: _recoded(value) for key, value in data.items()}
        obj["data"] = data
    if isinstance(plain, dict) and plain and (data is None or isinstance(data, dict)):
        # As the server does it: a key in both takes the plain value.
        obj["data"] = {**(data or {}), **{key: _coded(value) for key, value in plain.items()}}
        del obj["stringData"]


def _coded(value: Any) -> Any:
    if isinstance(value, (str, int, float)):
        return base64.b64encode(str(value).encode()).decode()
    return value


def _recoded(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return base64.b64encode(base64.b64decode(value)).decode()
    except (binascii.Error, ValueError):
        return value


def pruned(live: Any, shape: Any) -> Any:
    """Copy of `live` with only what `shape` mentions; lists are matched by position."""
    if isinstance(live, dict) and isinstance(shape, dict):
        return {key: pruned(value, shape[key]) for key, value in live.items() if key in shape}
    if isinstance(live, list) and isinstance(shape, list):
        return [
            pruned(element, shape_element)
            for element, shape_element in zip(live, shape, strict=False)
        ]
    return live


def parsed_path(text: str) -> Path:
    """Take a path such as `spec.ports[0].name` or `metadata.labels["a.b/c"]` apart."""
    return tuple(
        name or (int(index) if index.isdigit() else index.strip('"'))
        for name, index in _STEP.findall(text)
    )


def put(value: Any, path: Path, new: Any) -> None:
    """Set what is at a path, where the way there exists; None takes an object's entry away."""
    *way, last = path
    parent = at(value, tuple(way))
    if isinstance(parent, dict):
        if new is None:
            parent.pop(last, None)
        else:
            parent[last] = new
    elif isinstance(parent, list) and isinstance(last, int) and last < len(parent):
        parent[last] = new


def at(value: Any, path: Path) -> Any:
    """What is at a path, None where nothing is."""
    for part in path:
        if isinstance(part, int):
            value = value[part] if isinstance(value, list) and part < len(value) else None
        else:
            value = value.get(part) if isinstance(value, dict) else None
    return value


_QUANTITY = re.compile(r"([+-]?[0-9.]+)(?:([eE][+-]?[0-9]+)|([numkMGTPE]|[KMGTPE]i)?)")
_QUANTITY_PARENTS = {
    "capacity", "default", "defaultRequest", "hard", "limits", "max", "maxLimitRequestRatio",
    "min", "overhead", "requests",
}  # fmt: skip
_QUANTITY_NAMES = {"averageValue", "divisor", "sizeLimit"}
_FREE_TEXT = {"env", "labels", "annotations", "matchLabels"}
_EXPONENTS = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}


def same_quantity(path: Path, old: Any, new: Any) -> bool:
    """Whether two different values at `path` are one quantity: `2Gi` and `2048Mi`."""
    if not _holds_quantity(path) or isinstance(old, bool) or isinstance(new, bool):
        return False
    left, right = _quantity(old), _quantity(new)
    return left is not None and left == right


def _holds_quantity(path: Path) -> bool:
    if len(path) < 2 or path[0] != "spec" or not _FREE_TEXT.isdisjoint(path):
        return False
    in_metric = path[-1] == "value" and "metrics" in path
    return path[-2] in _QUANTITY_PARENTS or path[-1] in _QUANTITY_NAMES or in_metric


def _quantity(value: Any) -> Decimal | None:
    match = _QUANTITY.fullmatch(str(value)) if isinstance(value, (str, int, float)) else None
    if not match:
        return None
    digits, power, suffix = match.groups()
    try:
        number = Decimal(digits + (power or ""))
    except InvalidOperation:
        return None
    if suffix and suffix.endswith("i"):
        factor = Decimal(1024) ** ("KMGTPE".index(suffix[0]) + 1)
    else:
        factor = Decimal(10) ** _EXPONENTS.get(suffix or "", 0)
    return number * factor


def protected(value: Object, like: Object) -> Object:
    """Copy `value`, secret where `like` is; a Secret object's content is secret in any case.

    A list any part of which is secret in `like` is secret as a whole: its order may change.
    """
    if value.get("kind") == "Secret":
        return {
            key: Secret(element) if key in {"data", "stringData"} else element
            for key, element in value.items()
        }
    result: Object = {}
    for key, element in value.items():
        given = like.get(key)
        if isinstance(element, dict) and isinstance(given, dict):
            result[key] = protected(element, given)
        else:
            result[key] = Secret(element) if holds_secret(given) else element
    return result


def holds_secret(value: Any) -> bool:
    """Whether a secret is anywhere inside."""
    if isinstance(value, dict):
        return any(holds_secret(element) for element in value.values())
    if isinstance(value, list):
        return any(holds_secret(element) for element in value)
    return isinstance(value, Secret)


def known(value: Any) -> bool:
    """Whether a value is known already."""
    return not isinstance(value, Unknown)
