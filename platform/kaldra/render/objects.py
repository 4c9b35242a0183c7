"""Declared resources as complete manifests: apiVersion, kind, name; every secret redacted."""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from kaldra.errors import KaldraError

Manifest = dict[str, Any]

REDACTED = "redacted"
"""What stands in every place of a secret."""

_SECRET_MARK = "4dabf18193072939515e22adb298388d"  # noqa: S105  how Pulumi marks a value as secret
_SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  the mark's value
_NO_ACCOUNTS = '{"auths":{}}'
"""The API server reads what a Secret of the type dockerconfigjson holds."""
_FIRST = ("apiVersion", "kind", "metadata", "name", "namespace")


def manifest(type_: str, name: str, inputs: Mapping[str, Any]) -> Manifest:
    """The object that a resource declares; a missing name is made from its content.

    `type_` is Pulumi's, such as "kubernetes:apps/v1:Deployment". Raises KaldraError for a resource
    that is no single object.
    """
    _, version, kind = type_.split(":")
    found: Manifest = _plain(inputs)
    found = {"apiVersion": version.removeprefix("core/"), "kind": kind, **found}
    if found["kind"] != kind or not isinstance(found.setdefault("metadata", {}), dict):
        raise KaldraError(f"{name} ({type_}) is no single Kubernetes object; it is not rendered.")
    if found["apiVersion"] == "v1" and kind == "Secret":
        _redact_entries(found)
    metadata = found["metadata"]
    if "name" not in metadata:
        text = json.dumps(found, sort_keys=True, separators=(",", ":"))
        metadata["name"] = f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
        # Known to `by_file` alone: an automatic name is no part of a stable file name.
        found["metadata"] = _Automatic(metadata)
    return found


def by_file(declared: Iterable[tuple[str, Manifest]]) -> dict[str, Manifest]:
    """File name → manifest, both sorted; an automatically named object has its resource's name."""
    files: dict[str, Manifest] = {}
    for name, found in declared:
        metadata = found["metadata"]
        stem = name if isinstance(metadata, _Automatic) else metadata["name"]
        file = f"{found['kind'].lower()}-{stem}.yaml"
        if file in files:
            raise KaldraError(f"Two objects would be rendered to {file}; name one differently.")
        files[file] = _sorted(found)
    return dict(sorted(files.items()))


class _Automatic(dict[str, Any]):
    """Metadata whose name was made here."""


def _plain(value: Any, *, secret: bool = False) -> Any:
    """The value without Pulumi's marks; inside of a marked one every leaf is redacted."""
    if isinstance(value, Mapping):
        if value.get(_SECRET_MARK) == _SECRET_SIGNATURE:
            return _plain(value.get("value"), secret=True)
        entries = ((key, entry) for key, entry in value.items() if entry is not None)
        return {key: _plain(entry, secret=secret) for key, entry in entries}
    if isinstance(value, (list, tuple)):
        return [_plain(entry, secret=secret) for entry in value]
    if secret:
        return REDACTED
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _redact_entries(secret: Manifest) -> None:
    """Redact a Secret whether it was marked or not; it stays one that the API server accepts."""
    for entry in secret.get("stringData") or {}:
        secret["stringData"][entry] = _stand_in(entry)
    for entry in secret.get("data") or {}:
        secret["data"][entry] = base64.b64encode(_stand_in(entry).encode()).decode()


def _stand_in(entry: str) -> str:
    return _NO_ACCOUNTS if entry == ".dockerconfigjson" else REDACTED


def _sorted(value: Any) -> Any:
    """Fields in one order: what names the thing first, the rest by name."""
    if isinstance(value, Mapping):
        first = [key for key in _FIRST if key in value]
        rest = sorted(key for key in value if key not in _FIRST)
        return {key: _sorted(value[key]) for key in (*first, *rest)}
    if isinstance(value, list):
        return [_sorted(entry) for entry in value]
    return value
