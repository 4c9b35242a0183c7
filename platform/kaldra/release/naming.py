"""Names of images: checked before anything is built."""

import re
from dataclasses import dataclass
from pathlib import Path

from kaldra.errors import ConfigurationError
from kaldra.stack.settings import VERSION
from kaldra.toolchain.commands import captured

_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_VERSION_TAG = re.compile(r"v?(\d+\.\d+\.\d+)(?![.\d])")
_REGISTRY = re.compile(
    r"(?=[^/]*[.:]|localhost)[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*"
)


@dataclass(frozen=True)
class Source:
    """The commit that an image is built from, as far as git knows."""

    revision: str
    """Commit, with `-dirty` behind it when files differ from it."""
    seconds: int
    """Time of the commit: documents about one commit have the same time."""


def checked_tag(tag: str) -> str:
    """The tag, if Docker takes it and, being a version, it is the services' own."""
    if not _TAG.fullmatch(tag):
        raise ConfigurationError(
            f"{tag!r} is not a valid tag: letters, digits, `_`, `.` and `-`, 128 at most, "
            "beginning with neither `.` nor `-`.",
            hint=f"./kaldra build --tag v{VERSION}",
        )
    version = _VERSION_TAG.match(tag)
    if version and version[1] != VERSION:
        raise ConfigurationError(
            f"Tag {tag} says version {version[1]}, but the services are {VERSION}.",
            hint=f"./kaldra build --tag v{VERSION}  (a new version: docs/how-to/release.md)",
        )
    return tag


def checked_registry(registry: str) -> str:
    """`host[:port][/path]` in lower case, as image names have it."""
    name = registry.rstrip("/").lower()
    if not _REGISTRY.fullmatch(name):
        raise ConfigurationError(
            f"{registry!r} is not a valid registry: a host, perhaps a port and a path; no scheme, "
            "no tag.",
            hint="./kaldra build --push ghcr.io/OWNER, or --push localhost:5001",
        )
    return name


def source(repo: Path) -> Source:
    """What git says of a clone; a folder without git has no revision."""
    try:
        commit = captured(["git", "-C", repo, "show", "--no-patch", "--format=%H %ct", "HEAD"])
        changed = captured(["git", "-C", repo, "status", "--porcelain"])
    except FileNotFoundError:
        return Source("", 0)
    revision, _, seconds = commit.stdout.strip().partition(" ")
    dirty = "-dirty" if revision and changed.stdout else ""
    return Source(f"{revision}{dirty}", int(seconds or 0))
