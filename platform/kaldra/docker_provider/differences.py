"""Which properties differ, by path, in the form the engine shows."""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from pulumi.provider.experimental.provider import PropertyDiff, PropertyDiffKind

from kaldra.docker_provider.values import UNKNOWN, Props, contains_unknown, strip

Path = tuple[str | int, ...]
"""Way to a property: names of object entries and indices of list elements."""
Changes = dict[Path, PropertyDiffKind]

ADD, DELETE, UPDATE = PropertyDiffKind.ADD, PropertyDiffKind.DELETE, PropertyDiffKind.UPDATE
_REPLACING = {
    ADD: PropertyDiffKind.ADD_REPLACE,
    DELETE: PropertyDiffKind.DELETE_REPLACE,
    UPDATE: PropertyDiffKind.UPDATE_REPLACE,
}
REPLACING = frozenset(_REPLACING.values())
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")
_NANOSECONDS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}


def nanoseconds(duration: str) -> int:
    """`1m30s` in nanoseconds; ValueError when it is not a duration."""
    parts = _DURATION.findall(duration)
    if duration == "0":
        return 0
    if not parts or "".join(number + unit for number, unit in parts) != duration:
        raise ValueError(f"{duration!r} is not a duration such as 5s, 1m30s or 500ms")
    return round(sum(float(number) * _NANOSECONDS[unit] for number, unit in parts))


def text(path: Sequence[str | int]) -> str:
    """A property path as the engine writes it: `healthcheck.tests[0]`, `tmpfs["/tmp"]`."""
    written = ""
    for part in path:
        if isinstance(part, int):
            written += f"[{part}]"
        elif _PLAIN_NAME.fullmatch(part):
            written += f".{part}" if written else part
        else:
            quoted = part.replace("\\", "\\\\").replace('"', '\\"')
            written += f'["{quoted}"]'
    return written


def detailed(
    changes: Changes,
    ignored: Sequence[str],
    replaces: Callable[[str], bool] = lambda _name: False,
    observed: Collection[Path] = (),
) -> dict[str, PropertyDiff]:
    """The engine's detailed diff.

    `replaces` tells for a property whether it needs a new object; `observed` are the paths whose
    old value is one of the state: the others compare inputs.
    """
    return {
        written: PropertyDiff(
            _REPLACING[kind] if replaces(str(path[0])) else kind, input_diff=path not in observed
        )
        for path, kind in changes.items()
        if not _is_ignored(written := text(path), ignored)
    }


def _is_ignored(path: str, ignored: Sequence[str]) -> bool:
    return any(path == each or path.startswith((f"{each}.", f"{each}[")) for each in ignored)


def compare(
    old: Any,
    new: Any,
    *,
    equal: Callable[[Path, Any, Any], bool] = lambda _path, _old, _new: False,
) -> Changes:
    """The changes between two plain values, each at the deepest path that names it.

    An unknown differs from everything; `equal` may declare two different leaves the same.
    """
    return dict(_compare((), old, new, equal))


def _compare(
    path: Path, old: Any, new: Any, equal: Callable[[Path, Any, Any], bool]
) -> Iterator[tuple[Path, PropertyDiffKind]]:
    if old is None or new is None:
        if old is not new:
            yield path, ADD if old is None else DELETE
    elif isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            yield from _compare((*path, key), old.get(key), new.get(key), equal)
    elif isinstance(old, list) and isinstance(new, list):
        for index, (left, right) in enumerate(zip_longest(old, new)):
            yield from _compare((*path, index), left, right, equal)
    elif new == UNKNOWN or (not _same(old, new) and not equal(path, old, new)):
        yield path, UPDATE


def _same(old: Any, new: Any) -> bool:
    # True == 1 in Python, but not in a property.
    return isinstance(old, bool) == isinstance(new, bool) and bool(old == new)


def changes(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    unordered: Collection[str],
    defaults: Mapping[str, Any],
) -> Changes:
    """What differs between two sets of inputs.

    What is not set is the same as empty, or as its entry in `defaults`. A list named in
    `unordered` is one change as a whole.
    """
    before, after = _plain(old, defaults), _plain(new, defaults)
    found: Changes = {}
    for key in dict.fromkeys((*before, *after)):
        left, right = before.get(key), after.get(key)
        if key in unordered or isinstance(left, list) or isinstance(right, list):
            ordered = key not in unordered
            if contains_unknown(right) or _sorted(left, ordered) != _sorted(right, ordered):
                found[key,] = _kind(left, right)
        else:
            found |= compare({key: left}, {key: right}, equal=_equal)
    return found


def _plain(inputs: Mapping[str, Any], defaults: Mapping[str, Any]) -> Props:
    plain = {**defaults, **strip(dict(inputs))}
    empty: tuple[Any, ...] = ("", 0, [], {})
    return {key: value for key, value in plain.items() if value is True or value not in empty}


def _kind(left: Any, right: Any) -> PropertyDiffKind:
    if left is None:
        return ADD
    return DELETE if right is None else UPDATE


def _sorted(value: Any, ordered: bool) -> Any:  # noqa: FBT001  one switch, two callers
    """A form in which lists that mean the same are equal; inner lists never have an order."""
    if isinstance(value, list):
        entries = [_sorted(entry, ordered=False) for entry in value]
        return (
            entries
            if ordered
            else sorted(entries, key=lambda entry: json.dumps(entry, default=repr))
        )
    if isinstance(value, dict):
        return {
            key: _sorted(entry, ordered=False)
            for key, entry in sorted(value.items())
            if entry not in (None, "", [], {}, False)
        }
    return value


def _equal(path: Path, old: Any, new: Any) -> bool:
    """Whether two spellings of a duration, or of a number of CPUs, are the same."""
    reads: dict[str, Callable[[str], float]] = {"healthcheck": nanoseconds, "cpus": float}
    read = reads.get(str(path[0]))
    if read is None or not isinstance(old, str) or not isinstance(new, str):
        return False
    try:
        return read(old) == read(new)
    except ValueError:
        return False
