"""Declared resources as complete manifests: apiVersion, kind, name; every secret redacted."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from kaldra.errors import KaldraError

Manifest = dict[str, Any]

REDACTED = "redacted"
"""What stands in every place of a secret."""

_SECRET_MARK = "4dabf18193072939515e22adb298388d"  # noqa: S105  how Pulumi marks a value as secret
_SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  the mark's value
_NO_ACCOUNTS = '{"auths":{}}'
"""The API server reads what a Secret of the type dockerconfigjson holds."""
_FIRST = {"apiVersion": 0, "kind": 1, "metadata": 2, "name": 3, "namespace": 4}
"""Fields that name a thing come before the others, which are in the order of their names."""


def manifest(type_: str, name: str, inputs: Mapping[str, Any]) -> tuple[str, Manifest]:
    """The file name and the object of a resource; a missing name is made from the content.

    `type_` is Pulumi's, such as "kubernetes:apps/v1:Deployment". The file of an object without a
    name has the resource's, which is stable. Raises KaldraError for a resource that is no single
    object.
    """
    _, version, kind = type_.split(":")
    declared = {"apiVersion": version.removeprefix("core/"), "kind": kind, "metadata": {}, **inputs}
    found: Manifest = _plain(declared)
    if found["kind"] != kind or not isinstance(found["metadata"], dict):
        raise KaldraError(f"{name} ({type_}) is no single Kubernetes object; it is not rendered.")
    if found["apiVersion"] == "v1" and kind == "Secret":
        _redact_entries(found)
    stem = found["metadata"].get("name", name)
    if "name" not in found["metadata"]:
        text = json.dumps(found, sort_keys=True, separators=(",", ":"))
        made = f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
        found["metadata"] = {"name": made, **found["metadata"]}
    return f"{kind.lower()}-{stem}.yaml", found


def _plain(value: Any, *, secret: bool = False) -> Any:
    """The value in one order without Pulumi's marks; every leaf in a marked one is redacted."""
    if isinstance(value, Mapping):
        if value.get(_SECRET_MARK) == _SECRET_SIGNATURE:
            return _plain(value.get("value"), secret=True)
        entries = sorted(
            value.items(), key=lambda item: (_FIRST.get(item[0], len(_FIRST)), item[0])
        )
        return {k: _plain(entry, secret=secret) for k, entry in entries if entry is not None}
    if isinstance(value, list):
        return [_plain(entry, secret=secret) for entry in value]
    if secret:
        return REDACTED
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _redact_entries(secret: Manifest) -> None:
    """Redact a Secret whether it was marked or not; it stays one that the API server accepts."""
    for field, entries in secret.items():
        for entry in entries if field in ("data", "stringData") else ():
            text = _NO_ACCOUNTS if entry == ".dockerconfigjson" else REDACTED
            encoded = base64.b64encode(text.encode()).decode()
            entries[entry] = encoded if field == "data" else text
