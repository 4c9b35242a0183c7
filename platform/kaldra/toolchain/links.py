"""`state()/bin`: this clone's choice of programs, looked at on every run without starting any."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from kaldra.paths import state


def folder() -> Path:
    """Where the links are; first on the PATH of everything this clone runs."""
    return state() / "bin"


def chosen(tool: str, version: str, programs: Sequence[str]) -> bool:
    """Whether the tool's programs are linked, for this version, and unchanged since."""
    return _record().get(tool) == [version, *map(_stamp, programs)]


def choose(tool: str, version: str, programs: Mapping[str, Path]) -> None:
    """Link the tool's programs and remember what they are."""
    for name, program in programs.items():
        link(name, program)
    record = {**_record(), tool: [version, *map(_stamp, programs)]}
    _replace(_file(), json.dumps(record, indent=2, sort_keys=True))


def link(name: str, program: Path) -> None:
    """Point `bin/<name>` at the program, in one step."""
    target = folder() / name
    if target.is_symlink() and target.readlink() == program:
        return
    folder().mkdir(parents=True, exist_ok=True)
    new = folder() / f".{name}.{os.getpid()}"
    new.unlink(missing_ok=True)
    new.symlink_to(program)
    new.rename(target)


def _stamp(name: str) -> str | None:
    """What tells a program from another version of it; None where the link leads nowhere."""
    path = folder() / name
    try:
        found = path.stat()
        return f"{path.readlink()} {found.st_size} {found.st_mtime_ns}"
    except OSError:
        return None


def _file() -> Path:
    return state() / "tools.json"


def _record() -> dict[str, list[str | None]]:
    try:
        return dict(json.loads(_file().read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.{os.getpid()}")
    new.write_text(text, encoding="utf-8")
    new.rename(path)
