"""Files in the machine-wide cache: complete or absent, made by one process at a time."""

import fcntl
import hashlib
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from kaldra.errors import KaldraError
from kaldra.paths import home, state

GIGABYTE = 10**9


@contextmanager
def locked(name: str, kind: int = fcntl.LOCK_EX) -> Iterator[bool]:
    """Hold the cache's lock of this name; tells whether it does: the default waits for it."""
    folder = home() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("w") as file:
        try:
            fcntl.flock(file, kind)
        except BlockingIOError:
            yield False
        else:
            yield True


sharing = partial(locked, kind=fcntl.LOCK_SH)
"""Hold the lock together with others who use the same thing."""

alone = partial(locked, kind=fcntl.LOCK_EX | fcntl.LOCK_NB)
"""Try to hold the lock that others share; tells whether nobody else does."""


def remember_clone() -> None:
    """Note that this clone uses the cache, so that another one's cleaning spares its tools."""
    name = hashlib.sha256(str(state()).encode()).hexdigest()[:16]
    file = home() / "clones" / name
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(str(state()), encoding="utf-8")


def clones() -> list[Path]:
    """State folders of the clones that use the cache and still exist."""
    files = (home() / "clones").glob("*")
    states = (Path(file.read_text(encoding="utf-8")) for file in files)
    return [folder for folder in states if folder.is_dir()]


@contextmanager
def publishing(target: Path) -> Iterator[Path]:
    """A new folder that becomes `target` when the block ends well, and goes away otherwise."""
    partial = target.with_name(f"{target.name}.partial-{os.getpid()}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        shutil.rmtree(target, ignore_errors=True)
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def replace_text(file: Path, text: str) -> None:
    """Write a file that others may be reading or writing: it is the old one, or the new one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f".{file.name}.{os.getpid()}.{threading.get_ident()}")
    new.write_text(text, encoding="utf-8")
    new.rename(file)


def link_or_copy(source: Path, target: Path) -> None:
    """Make `target` a hard link of an executable file, or a copy on another file system."""
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)
    target.chmod(0o755)


def require_space(folder: Path, gigabytes: float, purpose: str) -> None:
    """Raise KaldraError where less than this is free on the folder's disk."""
    existing = next(p for p in (folder, *folder.parents) if p.exists())
    free = shutil.disk_usage(existing).free / GIGABYTE
    if free < gigabytes:
        raise KaldraError(
            f"The disk that holds {folder} is nearly full: {purpose} needs {gigabytes:g} GB, "
            f"{free:.1f} GB are free.",
            hint=f"Free space there, or use another disk: export KALDRA_HOME=/elsewhere  "
            f"(what is there now: du -sh {folder})",
        )
