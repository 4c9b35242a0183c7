"""Property values of Pulumi as plain Python, and back with their secrets.

Resources work on plain dictionaries; an unknown value of a preview is the string `UNKNOWN`, as it
is in the protocol.
"""

import json
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime.rpc import UNKNOWN as UNKNOWN  # noqa: PLC0414  for the other modules

Props = dict[str, Any]
Values = Mapping[str, PropertyValue]

DEFAULTS = "__defaults"
"""Entry of an object that lists the properties which the program did not set itself."""


def plain(value: PropertyValue, *, notes: bool = False) -> Any:
    """The value without its secret marks; whole numbers are int.

    Objects are without nulls and, unless `notes` are asked for, without `__defaults`.
    """
    inner = value.value
    if isinstance(inner, Mapping):
        kept = {k: plain(v, notes=notes) for k, v in inner.items() if notes or k != DEFAULTS}
        return {key: entry for key, entry in kept.items() if entry is not None}
    if isinstance(inner, tuple):
        return [plain(entry, notes=notes) for entry in inner]
    return int(inner) if isinstance(inner, float) and inner.is_integer() else inner


def properties(values: Values, *, notes: bool = False) -> Props:
    """`plain` for a whole message."""
    return dict(plain(PropertyValue(values), notes=notes))


def wrap(value: Any, like: PropertyValue | None = None) -> PropertyValue:
    """The property value of plain Python, secret wherever `like` is."""
    inner = like.value if like is not None else None
    secret = like is not None and like.is_secret
    if isinstance(value, dict):
        known = inner if isinstance(inner, Mapping) else {}
        entries = {key: wrap(entry, known.get(key)) for key, entry in value.items()}
        return PropertyValue(entries, is_secret=secret)
    if isinstance(value, list):
        others = inner[: len(value)] if isinstance(inner, tuple) else ()
        return PropertyValue([wrap(*pair) for pair in zip_longest(value, others)], secret)
    number = isinstance(value, int) and not isinstance(value, bool)
    return PropertyValue(float(value) if number else value, is_secret=secret)


def wrap_properties(values: Props, like: Values) -> dict[str, PropertyValue]:
    """`wrap` for a whole message."""
    return {key: wrap(value, like.get(key)) for key, value in values.items()}


def secret_texts(value: PropertyValue, *, inside: bool = False) -> Iterator[str]:
    """Every string inside a secret of `value`: what no message may show."""
    inside = inside or value.is_secret
    inner = value.value
    if isinstance(inner, str):
        if inside:
            yield inner
    elif isinstance(inner, Mapping | tuple):
        for entry in inner.values() if isinstance(inner, Mapping) else inner:
            yield from secret_texts(entry, inside=inside)


def contains_unknown(value: Any) -> bool:
    """Whether anything inside a plain `value` is not known yet."""
    return UNKNOWN in json.dumps(value)
