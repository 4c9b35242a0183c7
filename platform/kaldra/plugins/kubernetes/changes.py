"""What an update would change: the last known state against the new inputs, as the server sees it.

First the live object as last seen is compared with the new inputs, at the fields the program sets;
that needs no server, and settles the usual case of nothing to do. Where something differs, a dry
run tells what the server makes of it: a quantity written another way or a default spelled out is
no change, and a field the server calls immutable needs a new object.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from kaldra.plugins.diffs import Change, Diff, Kind, Path, compare
from kaldra.plugins.kubernetes.client import ApiError, ConflictError, NotFoundError
from kaldra.plugins.kubernetes.kinds import Kind as ObjectKind
from kaldra.plugins.kubernetes.objects import (
    AUTONAMED,
    Object,
    at,
    is_true,
    name_of,
    namespace_of,
    normalized,
    parsed_path,
    pruned,
    same_quantity,
)
from kaldra.plugins.values import contains_unknown

_IDENTITY: tuple[Path, ...] = (("metadata", "name"), ("metadata", "namespace"))
_IMMUTABLE = re.compile(
    r"immutable|may not (?:be )?change|updates to .* are forbidden", re.IGNORECASE
)


def find(
    kind: ObjectKind,
    old: tuple[Object, Object],
    new: Object,
    *,
    mutable_content: bool,
    try_out: Callable[[Object], Object],
) -> Diff:
    """Compare `old` (inputs, live object) with the inputs `new`; nothing here is secret.

    `mutable_content` says that data of a ConfigMap or Secret changes in place. `try_out` applies
    an object in a dry run.
    """
    old_inputs, live = normalized(old[0]), old[1]
    new = _placed(kind, normalized(new))
    before = _placed(kind, pruned(live, old_inputs))
    if name_of(new):
        before["metadata"]["name"] = name_of(live)
    before.setdefault("apiVersion", kind.api_version)
    before.setdefault("kind", kind.name)
    changes = compare(before, new, equal=same_quantity)
    if not changes:
        return Diff()
    fixed = _fixed(kind, new, mutable_content=mutable_content)
    changes = {
        path: replace(
            change,
            replace=any(path[: len(f)] == f for f in fixed),
            input_only=change.kind is Kind.DELETE,
        )
        for path, change in changes.items()
    }
    if not any(change.replace for change in changes.values()) and not contains_unknown(new):
        changes = _tried(changes, live, new, try_out)
    return Diff(changes, delete_before_replace=_same_name(changes, live, new))


def _fixed(kind: ObjectKind, new: Object, *, mutable_content: bool) -> tuple[Path, ...]:
    if kind.name in {"ConfigMap", "Secret"} and mutable_content and not new.get("immutable"):
        return (*_IDENTITY, *(path for path in kind.immutable if path == ("type",)))
    return _IDENTITY + kind.immutable


def _placed(kind: ObjectKind, obj: Object) -> Object:
    """Copy with the namespace spelled out, or without one that means nothing."""
    metadata = dict(obj.get("metadata") or {})
    if kind.namespaced:
        metadata["namespace"] = metadata.get("namespace") or "default"
    else:
        metadata.pop("namespace", None)
    return {**obj, "metadata": metadata}


def _same_name(changes: dict[Path, Change], live: Object, new: Object) -> bool:
    # A new object of the same name has to wait until the old one is gone.
    return (
        any(change.replace for change in changes.values())
        and not is_true(new, AUTONAMED)
        and name_of(new) == name_of(live)
        and (namespace_of(new) or "default") == (namespace_of(live) or "default")
    )


def _tried(
    changes: dict[Path, Change], live: Object, new: Object, try_out: Callable[[Object], Object]
) -> dict[Path, Change]:
    try:
        result = try_out(new)
    except (NotFoundError, ConflictError):
        return changes
    except ApiError as error:
        immutable = [parsed_path(str(cause.get("field") or "")) for cause in error.causes
                     if _IMMUTABLE.search(str(cause.get("message") or ""))]  # fmt: skip
        return {
            path: replace(change, replace=any(_overlap(path, field) for field in immutable))
            for path, change in changes.items()
        }
    return {
        path: change
        for path, change in changes.items()
        if not _without_effect(change, at(live, path), at(result, path))
    }


def _without_effect(change: Change, before: object, after: object) -> bool:
    if change.kind is Kind.UPDATE:
        return before == after
    # An added field the server drops (false, empty) says nothing; one it keeps is ours from now on.
    return change.kind is Kind.ADD and before is None and after is None


def _overlap(path: Path, field: Path) -> bool:
    shorter = min(len(path), len(field))
    return bool(shorter) and path[:shorter] == field[:shorter]
