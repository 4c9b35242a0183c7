"""Who holds which fields of an object: server-side apply's book-keeping."""

import contextlib
from typing import Any

from kaldra.plugins.diffs import Path
from kaldra.plugins.kubernetes.client import Client, ConflictError
from kaldra.plugins.kubernetes.kinds import Kind
from kaldra.plugins.kubernetes.objects import Object, name_of, namespace_of

_TAKEN_OVER = {
    ("kubectl", "Apply"),
    ("kubectl", "Update"),
    ("before-first-apply", "Update"),
    # The official provider makes objects under this name and applies under its own later.
    ("pulumi-kubernetes", "Update"),
    ("pulumi-kubernetes.exe", "Update"),
    ("pulumi-resource-kubernetes", "Update"),
}


def holds(obj: Object, manager: str) -> bool:
    """Whether `manager` has applied the object."""
    return any(
        entry.get("manager") == manager and entry.get("operation") == "Apply"
        for entry in _entries(obj)
    )


def holds_field(obj: Object, manager: str, path: Path) -> bool:
    """Whether `manager` holds a field; inside a list, whether it holds any of the list."""
    for entry in _entries(obj):
        if entry.get("manager") != manager:
            continue
        fields = entry.get("fieldsV1") or {}
        for part in path:
            if isinstance(part, int):
                return True
            fields = fields.get(f"f:{part}")
            if fields is None:
                break
        else:
            return True
    return False


def summary(obj: Object) -> str:
    """Name the managers of an object."""
    names = dict.fromkeys(str(entry.get("manager")) for entry in _entries(obj))
    return "managed by " + ", ".join(names) if names else "managed by nobody in particular"


def can_take_over(obj: Object) -> bool:
    """Whether the object has fields that `take_over` would move."""
    return any(_is_taken_over(entry) for entry in _entries(obj))


def take_over(client: Client, kind: Kind, live: Object, manager: str) -> None:
    """Move to `manager` what kubectl and the official provider's creation hold.

    Without it, what they hold would conflict with, or outlive, what `manager` applies.
    """
    if not can_take_over(live):
        return
    kept = [entry for entry in _entries(live) if not _is_taken_over(entry)]
    mine = next((e for e in kept if e.get("manager") == manager and _applied(e)), None)
    if mine is None:
        mine = {
            "manager": manager,
            "operation": "Apply",
            "apiVersion": live["apiVersion"],
            "fieldsType": "FieldsV1",
            "fieldsV1": {},
        }
        kept.append(mine)
    for entry in _entries(live):
        if _is_taken_over(entry):
            mine["fieldsV1"] = _union(mine["fieldsV1"], entry.get("fieldsV1") or {})
    operations = [
        {"op": "replace", "path": "/metadata/managedFields", "value": kept},
        {
            "op": "replace",
            "path": "/metadata/resourceVersion",
            "value": live["metadata"]["resourceVersion"],
        },
    ]
    # Changed meanwhile: applying will tell whether there is a conflict left.
    with contextlib.suppress(ConflictError):
        client.patch(kind, namespace_of(live), name_of(live), operations)


def relinquish(client: Client, kind: Kind, obj: Object, manager: str) -> None:
    """Give up every field `manager` holds; what nobody else holds is removed."""
    if holds(obj, manager):
        metadata = {"name": name_of(obj), "namespace": namespace_of(obj)}
        empty = {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "metadata": metadata}
        client.apply(kind, empty, manager=manager)


def _entries(obj: Object) -> list[dict[str, Any]]:
    return obj["metadata"].get("managedFields") or []


def _applied(entry: dict[str, Any]) -> bool:
    return bool(entry.get("operation") == "Apply")


def _is_taken_over(entry: dict[str, Any]) -> bool:
    # Fields held through a subresource (status, scale) are a controller's.
    key = (entry.get("manager"), entry.get("operation"))
    return key in _TAKEN_OVER and not entry.get("subresource")


def _union(left: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _union(left.get(key, {}), right.get(key, {})) for key in dict.fromkeys((*left, *right))
    }
