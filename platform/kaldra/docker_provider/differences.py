"""Which properties differ, by path, in the form the engine shows."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pulumi.provider.experimental.provider import DiffResponse, PropertyDiff, PropertyDiffKind

from kaldra.docker_provider.values import Props, contains_unknown

Changes = dict[str, str]
"""Path of a property → ADD, DELETE or UPDATE."""

_ORDERED = ("command", "entrypoints")
"""Lists whose order means something."""


def answer(
    changes: Changes, *, replaces: Callable[[str], bool] | None = None, lost: str = ""
) -> DiffResponse:
    """The engine's answer. `replaces` tells for a property whether it needs a new object.

    The old one goes first then: names are unique.
    `lost` is the property of the state that differs where others removed what it names.
    """
    if lost:
        changes = {**changes, lost: "UPDATE"}
    names = {path: re.split(r"[.\[]", path)[0] for path in changes}
    replaced = [path for path, name in names.items() if replaces and replaces(name)]
    kinds = {path: f"{kind}{'_REPLACE' * (path in replaced)}" for path, kind in changes.items()}
    return DiffResponse(
        changes=bool(changes),
        replaces=replaced,
        diffs=sorted(set(names.values())),
        detailed_diff={
            path: PropertyDiff(PropertyDiffKind[kind], input_diff=path != lost)
            for path, kind in kinds.items()
        },
        delete_before_replace=replaces is not None,
    )


def changes(old: Props, new: Props, defaults: Mapping[str, Any]) -> Changes:
    """What differs between two sets of inputs.

    What is not set is the same as empty, or as its entry in `defaults`. A list is one change as a
    whole.
    """
    return dict(compare(_normal({**defaults, **old}), _normal({**defaults, **new})))


def compare(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """The changes between two plain values, each at the deepest path that names it.

    An unknown differs from everything.
    """
    if old is None or new is None:
        if old is not new:
            yield path, "ADD" if old is None else "DELETE"
    elif isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            # As the engine writes it: `healthcheck.tests`, `tmpfs["/tmp"]`.
            simple = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", key)
            inside = f".{key}" if simple else f"[{json.dumps(key, ensure_ascii=False)}]"
            whole = f"{path}{inside}".removeprefix(".")
            yield from compare(old.get(key), new.get(key), whole)
    # True == 1 in Python, but not in a property.
    elif contains_unknown(new) or old != new or isinstance(old, bool) != isinstance(new, bool):
        yield path, "UPDATE"


def _normal(inputs: Props) -> Props:
    """The inputs that are set, in a form in which those that mean the same are equal."""
    empty: tuple[Any, ...] = ("", 0, [], {}, None)
    return {
        key: sorted(map(_entry, value), key=json.dumps)
        if isinstance(value, list) and key not in _ORDERED
        else value
        for key, value in inputs.items()
        if value is True or value not in empty
    }


def _entry(value: Any) -> Any:
    """An entry of a list without what is not set in it."""
    if not isinstance(value, dict):
        return value
    return {key: entry for key, entry in sorted(value.items()) if entry not in (False, "", [])}
