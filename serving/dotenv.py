"""`.env`: variables that the environment leaves open, read from a file and checked line by line."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from serving.settings import ServiceSettings, SettingsError
from serving.special_file import is_special

VARIABLE = "KALDRA_ENV_FILE"
"""Names another file than the `.env` in the repository; /dev/null for none."""

EXAMPLE = ".env.example"
"""Lists every variable that a `.env` beside it may set."""

_LINE = re.compile(r"(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*)")
_QUOTED = re.compile(r"""(?:"((?:[^"\\]|\\.)*)"|'([^']*)')\s*(?:#.*)?""")
_REFERENCE = re.compile(r"(?:^|[^\\])\$(?:\{|[A-Za-z_])")
_ESCAPE = re.compile(r"""(?<!\\)(?:\\\\)*\\[^\\"$]""")
_LISTED = re.compile(r"^#?([A-Z][A-Z0-9_]*)=", re.MULTILINE)
_NAME = re.compile(r"\b[A-Z][A-Z0-9_]+\b")

S = TypeVar("S", bound=ServiceSettings)


def path_in(root: Path) -> Path:
    """The `.env` in `root`, or the file that KALDRA_ENV_FILE names."""
    return Path(os.environ.get(VARIABLE) or root / ".env")


@dataclass(frozen=True)
class EnvFile:
    """What a file says: name → value, and the line it stands on."""

    path: Path
    values: Mapping[str, str]
    lines: Mapping[str, int]

    @classmethod
    def of(cls, root: Path) -> "EnvFile":
        """The file at `path_in(root)`; empty where none is.

        Names that `.env.example` does not list are refused, where there is one. Raises
        SettingsError naming file, line and variable.
        """
        path, example = path_in(root), root / EXAMPLE
        known = set(_LISTED.findall(example.read_text("utf-8"))) if example.is_file() else set()
        values: dict[str, str] = {}
        lines: dict[str, int] = {}
        for number, text in _lines(path):
            where = f"{path}, line {number}"
            name, value = _assignment(text, where)
            if known and name not in known:
                near = get_close_matches(name, known, n=1)
                meant = f" Did you mean {near[0]}?" if near else ""
                raise SettingsError(f"{where}: {name} is no variable of ours.{meant}")
            if name in values:
                raise SettingsError(f"{where}: {name} is set twice, first in line {lines[name]}")
            values[name], lines[name] = value, number
        return cls(path, values, lines)

    def under_environment(self) -> dict[str, str]:
        """The file's variables under those of the environment, where empty ones count as unset."""
        return {**self.values, **{name: value for name, value in os.environ.items() if value}}

    def load(self, settings: type[S]) -> S:
        """Settings from environment and file; raises SettingsError with file and line."""
        try:
            return settings.load(self.under_environment())
        except SettingsError as error:
            named = dict.fromkeys(_NAME.findall(str(error)))
            lines = [str(self.lines[n]) for n in named if n in self.lines and not os.environ.get(n)]
            where = f"{self.path}, line {', '.join(lines)}: " if lines else ""
            raise SettingsError(f"{where}{error}") from None


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines that say something, with their numbers; none where nobody asks for a file."""
    # A link to a file that is missing is read, and told.
    if not (os.environ.get(VARIABLE) or path.exists() or path.is_symlink()):
        return
    if is_special(path):
        raise SettingsError(
            f"{path} is a pipe, a socket or a device; "
            f"save its content in a regular file, or set {VARIABLE}=/dev/null for none"
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise SettingsError(f"{path}, line {line}: this is not UTF-8 text") from None
    for number, content in enumerate(text.splitlines(), 1):
        stripped = content.strip()
        if stripped and not stripped.startswith("#"):
            yield number, stripped


def _assignment(text: str, where: str) -> tuple[str, str]:
    found = _LINE.fullmatch(text)
    if not found:
        raise SettingsError(f"{where}: this is not NAME=value: {text.partition('=')[0][:40]!r}")
    name, rest = found[1], found[2]
    quoted = _QUOTED.fullmatch(rest)
    if not quoted and rest[:1] in ("'", '"'):
        raise SettingsError(f"{where}: the quotes of {name} do not close at the end of the line")
    if quoted and quoted[2] is not None:
        return name, quoted[2]
    value = quoted[1] if quoted else re.split(r"(?:^|\s)#", rest, maxsplit=1)[0].strip()
    if _REFERENCE.search(value):  # other tools would put its value in
        raise SettingsError(
            f"{where}: {name} refers to another variable, and none is replaced here; "
            "write its value, or put a literal $ in single quotes"
        )
    if quoted and _ESCAPE.search(value):
        raise SettingsError(
            f"{where}: {name} has a backslash in double quotes, which begins an escape elsewhere; "
            "put the value in single quotes"
        )
    return name, re.sub(r"\\(.)", r"\1", value) if quoted else value
