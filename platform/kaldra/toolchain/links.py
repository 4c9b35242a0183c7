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
    try:
        recorded = json.loads(_record(tool).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(recorded == [version, *map(_stamp, programs)])


def choose(tool: str, version: str, programs: Mapping[str, Path]) -> None:
    """Link the tool's programs and remember what they are."""
    for name, program in programs.items():
        link(name, program)
    record = _record(tool)
    record.parent.mkdir(parents=True, exist_ok=True)
    new = record.with_name(f"{record.name}.{os.getpid()}")
    new.write_text(json.dumps([version, *map(_stamp, programs)]), encoding="utf-8")
    new.rename(record)


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


def _record(tool: str) -> Path:
    return state() / "tools" / f"{tool}.json"
