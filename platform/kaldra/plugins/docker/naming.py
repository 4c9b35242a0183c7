"""Names and defaults as the official plugin fills them in, so that its states fit here."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from kaldra.plugins.provider import Autonaming, Naming, Resource
from kaldra.plugins.values import Props

DEFAULTS = "__defaults"
"""Entry of an object that lists which of its properties the program did not set itself."""

_RANDOM_DIGITS = 7
_LONGEST = 255


def with_defaults(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> Props:
    """`given` completed by `defaults`, those taken listed under `__defaults`.

    A default that is false, zero or empty is the same as nothing, and left out.
    """
    present = {key: value for key, value in given.items() if value is not None and key != DEFAULTS}
    taken = {key: value for key, value in defaults.items() if key not in present and value}
    return {DEFAULTS: sorted(taken), **present, **taken}


def strip(value: Any) -> Any:
    """Copy `value` without what only tells where a value came from, and without nulls."""
    if isinstance(value, dict):
        return {
            key: strip(entry)
            for key, entry in value.items()
            if not key.startswith("__") and entry is not None
        }
    if isinstance(value, list):
        return [strip(entry) for entry in value]
    return value


def automatic_name(
    resource: Resource, olds: Props, seed: bytes, autonaming: Autonaming | None
) -> str | None:
    """A name for a resource the program gave none; None where automatic names are disabled.

    A resource keeps the one it has.
    """
    if olds.get("name") and "name" in olds.get(DEFAULTS, ()):
        return str(olds["name"])
    if autonaming is not None and autonaming.mode is Naming.DISABLE:
        return None
    if autonaming is not None and autonaming.proposed:
        return autonaming.proposed
    random = hashlib.sha256(seed or resource.urn.encode()).hexdigest()[:_RANDOM_DIGITS]
    return f"{resource.name[: _LONGEST - _RANDOM_DIGITS - 1]}-{random}"


def is_automatic(inputs: Mapping[str, Any]) -> bool:
    """Whether a resource's name was not the program's choice."""
    return "name" in inputs.get(DEFAULTS, ())


def name_problem(name: Any) -> str | None:
    """Why the engine would not take this name for a container or network; None if it would."""
    if isinstance(name, str) and not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+", name):
        return f"{name!r} is no name for Docker: letters, digits, '_', '.', '-', two at least"
    return None


def labels(pairs: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """`[{label, value}]` as the engine's mapping."""
    return {str(pair["label"]): str(pair["value"]) for pair in pairs}
