"""Which files a `.dockerignore` lets into a build context, as the builder itself decides.

Patterns are applied in order, the last one that matches wins; `!` takes a path in again. A
directory's match holds for everything below it until a later pattern says otherwise.
"""

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

_SPECIAL = frozenset(".+()|{}$")
_WILDCARDS = re.compile(r"[*?\[\]\\]")

Matches = tuple[bool, ...]
"""For each pattern, whether a directory (or one above it) matched it."""


def parse(text: str) -> list[str]:
    """Patterns of an ignore file: no comments, no blanks, cleaned, relative to the context."""
    patterns = []
    for line in text.removeprefix("\ufeff").split("\n"):
        pattern = line.strip()
        if line.startswith("#") or not pattern:
            continue
        inverted = pattern.startswith("!")
        pattern = pattern.removeprefix("!").strip()
        if pattern:
            pattern = _clean(pattern)
            pattern = pattern[1:] if len(pattern) > 1 and pattern[0] == "/" else pattern
        patterns.append(f"!{pattern}" if inverted else pattern)
    return patterns


def _clean(path: str) -> str:
    # normpath keeps two leading slashes, which mean nothing here.
    return re.sub("^//+", "/", posixpath.normpath(path))


@dataclass(frozen=True)
class _Pattern:
    text: str
    takes_in: bool

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        return re.compile(_translate(self.text), re.DOTALL)

    @property
    def prefix(self) -> str:
        """The fixed beginning of what it matches, if its only wildcard is a trailing one."""
        return self.text.removesuffix("/**").removesuffix("/*")

    def matches(self, path: str) -> bool:
        return self._expression.fullmatch(path) is not None


def _translate(pattern: str) -> str:
    if not _WILDCARDS.search(pattern):
        return re.escape(pattern)
    if re.fullmatch(r"\*\*[^/*?\[\]\\][^*?\[\]\\]*", pattern):
        # "**name" is the only form in which "**" also stands for part of a name.
        return ".*" + re.escape(pattern[2:])
    expression, index = "", 0
    while index < len(pattern):
        character = pattern[index]
        index += 1
        if pattern.startswith("**", index - 1):
            index += 1
            # "**/" is "**": any number of directories, none included.
            index += pattern.startswith("/", index)
            expression += ".*" if index >= len(pattern) else "(?:.*/)?"
        elif character == "*":
            expression += "[^/]*"
        elif character == "?":
            expression += "[^/]"
        elif character == "\\" and index < len(pattern):
            expression += re.escape(pattern[index])
            index += 1
        elif character in _SPECIAL or character == "\\":
            expression += f"\\{character}"
        else:
            # Brackets are the same in both languages.
            expression += character
    return expression


class Ignored:
    """Decides path by path on the way down a context."""

    def __init__(self, patterns: Sequence[str]) -> None:
        """Take parsed patterns; ValueError on one that cannot be understood."""
        self._patterns: list[_Pattern] = []
        for text in patterns:
            takes_in = text.startswith("!")
            bare = text.removeprefix("!")
            if not bare:
                raise ValueError('"!" alone ignores nothing')
            pattern = _Pattern(bare, takes_in)
            try:
                pattern.matches(".")
            except re.error as error:
                raise ValueError(f"{text!r}: {error}") from error
            self._patterns.append(pattern)
        taking_in = [pattern for pattern in self._patterns if pattern.takes_in]
        self._returning = [f"{pattern.prefix}/" for pattern in taking_in]
        self._anything_may_return = any(_WILDCARDS.search(p.prefix) for p in taking_in)

    def check(self, path: str, above: Matches = ()) -> tuple[bool, Matches]:
        """Whether `path` stays out; `above` is what its directory gave (() at the top)."""
        ignored = False
        matches = []
        for index, pattern in enumerate(self._patterns):
            matched = bool(above) and above[index]
            # A pattern is only asked when it could change the verdict so far.
            if not matched and pattern.takes_in == ignored:
                matched = pattern.matches(path)
            matches.append(matched)
            if matched:
                ignored = not pattern.takes_in
        return ignored, tuple(matches)

    def may_return_below(self, directory: str) -> bool:
        """Whether anything under this ignored directory can be taken in again."""
        if self._anything_may_return:
            return True
        return any(pattern.startswith(f"{directory}/") for pattern in self._returning)
