"""A JSON value that knows where it stands, so that every complaint names file, path and reason."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, NoReturn


class DataError(Exception):
    """A vocabulary file is broken: which file, where inside it, and why."""

    def __init__(self, file: str, path: str, reason: str) -> None:
        super().__init__(f"{file}: {path}: {reason}")
        self.file = file
        self.path = path
        self.reason = reason


class Node:
    """One JSON value with its file and the path to it (`$.states[3].col`)."""

    __slots__ = ("file", "path", "value")

    def __init__(self, value: Any, file: str, path: str = "$") -> None:
        self.value = value
        self.file = file
        self.path = path

    @classmethod
    def read(cls, file: Path) -> Node:
        """Parse `file`; unreadable, invalid or duplicate-keyed JSON is a `DataError`."""
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(file.name, "$", f"cannot be read ({type(error).__name__})") from error
        try:
            value = json.loads(text, object_pairs_hook=_unique_keys)
        except ValueError as error:
            raise DataError(file.name, "$", f"is not valid JSON: {error}") from error
        return cls(value, file.name)

    def fail(self, reason: str) -> NoReturn:
        """Raise a `DataError` that points at this value."""
        raise DataError(self.file, self.path, reason)

    def fields(self, *names: str) -> list[Node]:
        """Return the values of an object that has exactly these keys, in the order asked for."""
        members = self._dict()
        for name in names:
            if name not in members:
                self.fail(f"the key '{name}' is missing")
        unknown = sorted(set(members) - set(names))
        if unknown:
            self.fail(f"unknown key '{unknown[0]}'")
        return [Node(members[name], self.file, f"{self.path}.{name}") for name in names]

    def entries(self) -> Iterator[tuple[str, Node]]:
        """Return the pairs of an object with free keys."""
        for key, value in self._dict().items():
            yield key, Node(value, self.file, f"{self.path}.{key}")

    def items(self, count: int | None = None) -> list[Node]:
        """Return the elements of a list, `count` of them when given."""
        if not isinstance(self.value, list):
            self.fail("must be a list")
        if count is not None and len(self.value) != count:
            self.fail(f"must have {count} elements, has {len(self.value)}")
        return [Node(v, self.file, f"{self.path}[{i}]") for i, v in enumerate(self.value)]

    def text(self, pattern: str = r"(?s).*\S.*") -> str:
        """Return a string that matches `pattern` in full (default: not blank)."""
        if not isinstance(self.value, str):
            self.fail("must be a string")
        if not re.fullmatch(pattern, self.value):
            self.fail(f"'{self.value}' does not have the form {pattern}")
        return self.value

    def choice(self, allowed: Collection[str], what: str) -> str:
        """Return a string that is one of `allowed`."""
        if not isinstance(self.value, str) or self.value not in allowed:
            self.fail(f"'{self.value}' is not {what}")
        return self.value

    def number(self, low: float, high: float) -> float:
        """Return a finite number in [low, high]."""
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fail("must be a number")
        if not low <= value <= high:  # nor is NaN, of any bounds
            self.fail(f"{value} is outside {low}..{high}")
        return float(value)

    def integer(self, low: int, high: int) -> int:
        """Return a whole number in [low, high]."""
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            self.fail("must be a whole number")
        return int(self.number(low, high))

    def _dict(self) -> dict[str, Any]:
        if not isinstance(self.value, dict):
            self.fail("must be an object")
        return self.value


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(f"the key '{key}' appears twice")
            seen.add(key)
    return members
