"""What a build depends on: the files of its context and its Dockerfile, as one digest.

The digest is the one the official plugin keeps as `build.contextDigest`, byte for byte, so that
either plugin takes the other's images for current. One exception: a dangling link makes the
official plugin skip the rest of its directory; here the rest counts.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from docker.utils.build import PatternMatcher

from kaldra.errors import KaldraError

_SPECIAL_BITS = ((stat.S_ISUID, "u"), (stat.S_ISGID, "g"), (stat.S_ISVTX, "t"))


def digest(context: str, dockerfile: str) -> str:
    """SHA-256, in hex, of everything a build of `dockerfile` in `context` can see.

    KaldraError when a file cannot be read or an ignore file is not understood.
    """
    try:
        total = hashlib.sha256()
        # Under a fixed name and without its mode: the builder cares for its content alone.
        total.update(_entry("Dockerfile", "----------", Path(dockerfile).read_bytes()))
        for path, mode in _files(context, dockerfile):
            content = _content(context, path, mode)
            total.update(_entry(path, _mode_text(mode), content))
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


def _patterns(context: str, dockerfile: str) -> list[str]:
    path = ignore_file(context, dockerfile)
    text = path.read_text(encoding="utf-8-sig") if path.exists() else ""
    lines = [line.strip() for line in text.splitlines() if not line.startswith("#")]
    return [line for line in lines if line]


def _entry(name: str, mode: str, content: bytes) -> bytes:
    return name.encode("utf-8", "surrogateescape") + mode.encode() + _sha256(content) + b"\0"


def _sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _files(context: str, dockerfile: str) -> Iterator[tuple[str, int]]:
    """Path in the context and mode of everything but directories, as a walk finds them."""
    matcher = PatternMatcher(_patterns(context, dockerfile))
    # The SDK never ignores .dockerignore; BuildKit and the official plugin do.
    matcher.patterns.pop()
    found = matcher.walk(os.path.abspath(context))  # noqa: PTH100  relpath() needs the same form
    for path in sorted(found, key=lambda path: [os.fsencode(part) for part in path.split("/")]):
        mode = Path(context, path).lstat().st_mode
        if not stat.S_ISDIR(mode):
            yield path, mode


def _content(context: str, path: str, mode: int) -> bytes:
    full = Path(context, path)
    if stat.S_ISLNK(mode):
        return bytes(_link_target(Path(context), full))
    return full.read_bytes() if stat.S_ISREG(mode) else b""


def _link_target(context: Path, link: Path) -> Path:
    """Where a link leads: seen from the context if the link is relative, like the link itself."""
    text = link.readlink()
    if not link.exists():
        return text
    target = link.resolve()
    if text.is_absolute() or context.is_absolute():
        return target
    inside = os.path.relpath(target, context.resolve())
    return Path(os.path.normpath(context / inside))


def _mode_text(mode: int) -> str:
    """The mode as Go writes it: `-rw-r--r--`, `Lrwxrwxrwx`, `urwxr-xr-x`."""
    special = "".join(letter for bit, letter in _SPECIAL_BITS if mode & bit)
    head = "L" * stat.S_ISLNK(mode) + special
    return (head or "-") + stat.filemode(stat.S_IFREG | (mode & 0o777))[1:]
