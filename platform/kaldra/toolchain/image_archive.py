"""Images made here, kept in the cache: an engine that is new or was emptied gets them back."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from kaldra.paths import home
from kaldra.progress import Progress
from kaldra.toolchain import docker_client
from kaldra.toolchain.commands import run
from kaldra.toolchain.docker_cli import docker_program
from kaldra.toolchain.files import locked


def ensure(tag: str, build: Callable[[], None], progress: Progress) -> None:
    """Have an image: in the engine, from the cache, or built; two runs build it once."""
    if available(tag, progress):
        return
    with locked(tag.replace("/", "-").replace(":", "-")):
        if not available(tag, progress):
            build()
            keep(tag)


def available(tag: str, progress: Progress) -> bool:
    """Whether the engine has the image, if need be after loading it from the cache."""
    if docker_client.image_id(tag) is not None:
        return True
    archive = _archive(tag)
    record = archive.with_suffix(".sha256")
    if not (archive.is_file() and record.is_file()):
        return False
    with progress.step(f"image {tag}") as step:
        step.update("checking the cached archive")
        if _checksum(archive) != record.read_text(encoding="ascii").strip():
            progress.warn(f"{archive} is damaged; the image is made anew.")
            for file in (archive, record):
                file.unlink(missing_ok=True)
            return False
        step.update("loading from the cache")
        run([docker_program(), "load", "--input", archive], what=f"Loading image {tag}")
        step.done("loaded from the cache")
    return docker_client.image_id(tag) is not None


def keep(tag: str) -> None:
    """Save the image in the cache, in place of earlier ones of its name."""
    archive = _archive(tag)
    archive.parent.mkdir(parents=True, exist_ok=True)
    for old in archive.parent.glob(f"{archive.name.partition('@')[0]}@*"):
        old.unlink()
    partial = archive.with_suffix(".partial")
    run([docker_program(), "save", "--output", partial, tag], what=f"Saving image {tag}")
    # The record comes last: an archive without one is not used.
    partial.rename(archive)
    archive.with_suffix(".sha256").write_text(f"{_checksum(archive)}\n", encoding="ascii")


def _archive(tag: str) -> Path:
    return home() / "images" / f"{tag.rpartition('/')[2].replace(':', '@')}.tar"


def _checksum(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
