"""Which properties differ, by path, in the form the engine shows."""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from pulumi.provider.experimental.provider import DiffResponse, PropertyDiff, PropertyDiffKind

from kaldra.docker_provider.values import Props, contains_unknown, strip

Path = tuple[str | int, ...]
"""Way to a property: names of object entries and indices of list elements."""
Changes = dict[Path, PropertyDiffKind]

ADD, DELETE, UPDATE = PropertyDiffKind.ADD, PropertyDiffKind.DELETE, PropertyDiffKind.UPDATE
_REPLACING = {
    ADD: PropertyDiffKind.ADD_REPLACE,
    DELETE: PropertyDiffKind.DELETE_REPLACE,
    UPDATE: PropertyDiffKind.UPDATE_REPLACE,
}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")
_NANOSECONDS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9}
_NANOSECONDS |= {"m": 60 * 10**9, "h": 3600 * 10**9}


def nanoseconds(duration: str) -> int:
    """`1m30s` in nanoseconds; ValueError when it is not a duration."""
    parts = _DURATION.findall(duration)
    if duration != "0" and (not parts or "".join(map("".join, parts)) != duration):
        raise ValueError(f"{duration!r} is not a duration such as 5s, 1m30s or 500ms")
    return round(sum(float(number) * _NANOSECONDS[unit] for number, unit in parts))


def answer(
    changes: Changes,
    *,
    replaces: Callable[[str], bool] = lambda _name: False,
    observed: Collection[Path] = (),
    delete_before_replace: bool = False,
) -> DiffResponse:
    """The engine's answer. `replaces` tells for a property whether it needs a new object.

    `observed` are paths whose old value is one of the state; the others compare inputs.
    """
    found = {_text(path): (path, kind) for path, kind in changes.items()}
    replaced = [text for text, (path, _) in found.items() if replaces(str(path[0]))]
    return DiffResponse(
        changes=bool(found),
        replaces=replaced,
        diffs=sorted({str(path[0]) for path, _ in found.values()}),
        detailed_diff={
            text: PropertyDiff(
                _REPLACING[kind] if text in replaced else kind, input_diff=path not in observed
            )
            for text, (path, kind) in found.items()
        },
        delete_before_replace=delete_before_replace,
    )


def _text(path: Path) -> str:
    """A property path as the engine writes it: `healthcheck.tests[0]`, `tmpfs["/tmp"]`."""
    text = ""
    for part in path:
        plain = isinstance(part, str) and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", part)
        text += f".{part}" if plain else f"[{json.dumps(part, ensure_ascii=False)}]"
    return text.removeprefix(".")


def compare(old: Any, new: Any) -> Changes:
    """The changes between two plain values, each at the deepest path that names it.

    An unknown differs from everything.
    """
    return dict(_compare((), old, new))


def _compare(path: Path, old: Any, new: Any) -> Iterator[tuple[Path, PropertyDiffKind]]:
    if old is None or new is None:
        if old is not new:
            yield path, ADD if old is None else DELETE
    elif isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            yield from _compare((*path, key), old.get(key), new.get(key))
    # True == 1 in Python, but not in a property.
    elif contains_unknown(new) or old != new or isinstance(old, bool) != isinstance(new, bool):
        yield path, UPDATE


def changes(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    unordered: Collection[str],
    defaults: Mapping[str, Any],
) -> Changes:
    """What differs between two sets of inputs.

    What is not set is the same as empty, or as its entry in `defaults`. A list is one change as a
    whole; the order of one in `unordered` means nothing.
    """
    complete = ({**defaults, **strip(dict(inputs))} for inputs in (old, new))
    return compare(*(_normal(inputs, unordered) for inputs in complete))


def _normal(inputs: Props, unordered: Collection[str]) -> Props:
    """The inputs that are set, in a form in which those that mean the same are equal."""
    empty: tuple[Any, ...] = ("", 0, [], {}, None)
    return {
        key: sorted(map(_entry, value), key=json.dumps)
        if isinstance(value, list) and key in unordered
        else value
        for key, value in inputs.items()
        if value is True or value not in empty
    }


def _entry(value: Any) -> Any:
    """An entry of a list without what is not set in it."""
    if not isinstance(value, dict):
        return value
    return {key: entry for key, entry in sorted(value.items()) if entry not in (False, "", [])}
