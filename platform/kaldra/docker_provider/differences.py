"""Which properties differ, by path, in the form the engine shows."""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from pulumi.provider.experimental.provider import DiffResponse, PropertyDiff, PropertyDiffKind

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
    ignored: Sequence[str],
    *,
    replaces: Callable[[str], bool] = lambda _name: False,
    observed: Collection[Path] = (),
    delete_before_replace: bool = False,
) -> DiffResponse:
    """The engine's answer. `replaces` tells for a property whether it needs a new object.

    `observed` are paths whose old value is one of the state; the others compare inputs.
    """
    found = {_text(path): (path, kind) for path, kind in changes.items()}
    found = {text: both for text, both in found.items() if not _is_ignored(text, ignored)}
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


def _is_ignored(path: str, ignored: Sequence[str]) -> bool:
    return any(path == each or path.startswith((f"{each}.", f"{each}[")) for each in ignored)


def compare(old: Any, new: Any) -> Changes:
    """The changes between two plain values, each at the deepest path that names it.

    An unknown differs from everything; two spellings of a duration or of a number are the same.
    """
    return dict(_compare((), old, new))


def _compare(path: Path, old: Any, new: Any) -> Iterator[tuple[Path, PropertyDiffKind]]:
    if old is None or new is None:
        if old is not new:
            yield path, ADD if old is None else DELETE
    elif isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            yield from _compare((*path, key), old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list):
        for index, (left, right) in enumerate(zip_longest(old, new)):
            yield from _compare((*path, index), left, right)
    elif new == UNKNOWN or not _same(path, old, new):
        yield path, UPDATE


def _same(path: Path, old: Any, new: Any) -> bool:
    reads: dict[str, Callable[[str], float]] = {"healthcheck": nanoseconds, "cpus": float}
    read = reads.get(str(path[0]))
    if old != new and read and isinstance(old, str) and isinstance(new, str):
        try:
            return bool(read(old) == read(new))
        except ValueError:
            return False
    # True == 1 in Python, but not in a property.
    return isinstance(old, bool) == isinstance(new, bool) and bool(old == new)


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
    before, after = (_set({**defaults, **strip(dict(inputs))}) for inputs in (old, new))
    found: Changes = {}
    for key in dict.fromkeys((*before, *after)):
        left, right = before.get(key), after.get(key)
        if isinstance(left, list) or isinstance(right, list):
            ordered = key not in unordered
            if contains_unknown(right) or _sorted(left, ordered) != _sorted(right, ordered):
                found[key,] = UPDATE if key in before and key in after else ADD
                if key not in after:
                    found[key,] = DELETE
        else:
            found |= compare({key: left}, {key: right})
    return found


def _set(inputs: Props) -> Props:
    empty: tuple[Any, ...] = ("", 0, [], {}, None)
    return {key: value for key, value in inputs.items() if value is True or value not in empty}


def _sorted(value: Any, ordered: bool) -> Any:  # noqa: FBT001  one switch, two callers
    """A form in which lists that mean the same are equal; inner lists never have an order."""
    if isinstance(value, list):
        entries = [_sorted(entry, ordered=False) for entry in value]
        return entries if ordered else sorted(entries, key=json.dumps)
    if isinstance(value, dict):
        kept = {key: entry for key, entry in sorted(value.items()) if entry not in (False, "", [])}
        return {key: _sorted(entry, ordered=False) for key, entry in kept.items()}
    return value
