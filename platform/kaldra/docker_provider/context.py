"""What a build depends on: the files of its context and its Dockerfile, as one digest."""

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from docker.utils.build import PatternMatcher

from kaldra.errors import KaldraError


def digest(context: str, dockerfile: str) -> str:
    """SHA-256, in hex, of everything a build of `dockerfile` in `context` can see.

    KaldraError when a file cannot be read.
    """
    try:
        total = hashlib.sha256(_sha256(Path(dockerfile).read_bytes()))
        for path, mode in _files(context, dockerfile):
            total.update(os.fsencode(f"{path}\0{stat.filemode(mode)}\0"))
            total.update(_sha256(_content(Path(context, path), mode)))
    except OSError as error:
        raise KaldraError(
            f"The build context {context} cannot be read: {error.strerror}: {error.filename}",
            hint=f"Make the file readable, or name it in {ignore_file(context, dockerfile)}.",
        ) from error
    return total.hexdigest()


def ignore_file(context: str, dockerfile: str) -> Path:
    """The ignore file that counts: the Dockerfile's own, else the context's (may not exist)."""
    own = Path(f"{dockerfile}.dockerignore")
    return own if own.exists() else Path(context, ".dockerignore")


def _files(context: str, dockerfile: str) -> Iterator[tuple[str, int]]:
    """Path in the context and mode of everything but directories, in a fixed order."""
    path = ignore_file(context, dockerfile)
    text = path.read_text(encoding="utf-8-sig") if path.exists() else ""
    lines = (line.strip() for line in text.splitlines() if not line.startswith("#"))
    matcher = PatternMatcher([line for line in lines if line])
    # The SDK never ignores .dockerignore; BuildKit does.
    matcher.patterns.pop()
    for found in sorted(matcher.walk(os.path.abspath(context))):  # noqa: PTH100  as relpath() does
        mode = Path(context, found).lstat().st_mode
        if not stat.S_ISDIR(mode):
            yield found, mode


def _content(path: Path, mode: int) -> bytes:
    if stat.S_ISLNK(mode):
        return bytes(path.readlink())
    return path.read_bytes() if stat.S_ISREG(mode) else b""


def _sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
