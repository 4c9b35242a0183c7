"""Which inputs differ, where the order of some lists and the writing of durations mean nothing."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kaldra.plugins.diffs import Change, Kind, Path, compare
from kaldra.plugins.docker.naming import strip
from kaldra.plugins.values import Props, contains_unknown, reveal

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
    """`1m30s` in nanoseconds; ValueError when it is no duration."""
    parts = _DURATION.findall(duration)
    if duration == "0":
        return 0
    if not parts or "".join(number + unit for number, unit in parts) != duration:
        raise ValueError(f"{duration!r} is no duration such as 5s, 1m30s or 500ms")
    return round(sum(float(number) * _NANOSECONDS[unit] for number, unit in parts))


def changes(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    unordered: Sequence[str],
    defaults: Mapping[str, Any],
) -> dict[Path, Change]:
    """What differs between two sets of inputs.

    What is not set is the same as empty, or as its entry in `defaults`. A list named in
    `unordered` is one change as a whole.
    """
    before, after = _plain(old, defaults), _plain(new, defaults)
    found: dict[Path, Change] = {}
    for key in dict.fromkeys((*before, *after)):
        left, right = before.get(key), after.get(key)
        if key in unordered or isinstance(left, list) or isinstance(right, list):
            ordered = key not in unordered
            if contains_unknown(right) or _sorted(left, ordered) != _sorted(right, ordered):
                found[key,] = Change(_kind(left, right))
        else:
            found |= compare({key: left}, {key: right}, equal=_equal)
    return found


def _plain(inputs: Mapping[str, Any], defaults: Mapping[str, Any]) -> Props:
    plain = {**defaults, **reveal(strip(dict(inputs)))}
    empty: tuple[Any, ...] = ("", 0, [], {})
    return {key: value for key, value in plain.items() if value is True or value not in empty}


def _kind(left: Any, right: Any) -> Kind:
    if left is None:
        return Kind.ADD
    return Kind.DELETE if right is None else Kind.UPDATE


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
