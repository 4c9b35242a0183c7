"""Which properties changed, by path, in the form the engine shows and acts on."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import zip_longest
from typing import Any

from kaldra.plugins.values import Secret, Unknown

Path = tuple[str | int, ...]
"""Way to a property: names of object entries and indices of list elements."""

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class Kind(Enum):
    """What happened to a property."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True)
class Change:
    """One changed property; `replace` when the object has to be made anew for it.

    `input_only` tells the engine that both sides are inputs: what it shows then is the program's
    old and new value instead of the state's.
    """

    kind: Kind
    replace: bool = False
    input_only: bool = True


@dataclass(frozen=True)
class Diff:
    """Answer to "does this resource change?"; no changes, no update."""

    changes: dict[Path, Change] = field(default_factory=dict)
    delete_before_replace: bool = False

    @property
    def replaces(self) -> list[Path]:
        """Paths that force a replacement."""
        return [path for path, change in self.changes.items() if change.replace]


def path_text(path: Sequence[str | int]) -> str:
    """Write a property path as the engine does: `spec.containers[0].env["A.B"]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN_NAME.fullmatch(part):
            text += f".{part}" if text else part
        else:
            quoted = part.replace("\\", "\\\\").replace('"', '\\"')
            text += f'["{quoted}"]'
    return text


def compare(
    old: Any,
    new: Any,
    *,
    equal: Callable[[Path, Any, Any], bool] | None = None,
) -> dict[Path, Change]:
    """Find the changes from `old` to `new`, each at the deepest path that names it.

    Secrets are compared by content; an unknown differs from everything. `equal(path, old, new)`
    may declare two different leaves the same (a quantity written in two ways).
    """
    return dict(_compare((), old, new, equal or (lambda _path, _old, _new: False)))


def _compare(
    path: Path, old: Any, new: Any, equal: Callable[[Path, Any, Any], bool]
) -> Iterator[tuple[Path, Change]]:
    old = old.value if isinstance(old, Secret) else old
    new = new.value if isinstance(new, Secret) else new
    # An entry that is null says as much as one that is absent.
    absent_old, absent_new = old is None, new is None
    if absent_old or absent_new:
        if not (absent_old and absent_new):
            yield path, Change(Kind.ADD if absent_old else Kind.DELETE)
    elif isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            yield from _compare((*path, key), old.get(key), new.get(key), equal)
    elif isinstance(old, list) and isinstance(new, list):
        for index, (left, right) in enumerate(zip_longest(old, new)):
            yield from _compare((*path, index), left, right, equal)
    elif isinstance(new, Unknown) or (not _same(old, new) and not equal(path, old, new)):
        yield path, Change(Kind.UPDATE)


def _same(old: Any, new: Any) -> bool:
    # True == 1 in Python, but not in a property.
    return isinstance(old, bool) == isinstance(new, bool) and bool(old == new)
