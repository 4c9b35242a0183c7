"""Source code that a running container serves from: the image's, or a copy that can be changed."""

import base64
import hashlib
import importlib
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

PACKAGE = "__init__.py"
CACHE = "__pycache__"
PACKAGES = "packages"
"""Folder of what the image lacks, such as a debugger."""


class Source:
    """The image's source tree, and the folder that may hold a copy of it.

    Without a folder, as on bare Python, the tree itself is edited.
    """

    def __init__(self, image: Path, folder: Path | None = None) -> None:
        self._image = image
        self._folder = folder
        self._copy = folder / "source" if folder else image
        if folder:
            self.restore()

    @property
    def root(self) -> Path:
        """The folder to import from."""
        return self._copy if self._copy.is_dir() else self._image

    @property
    def packages(self) -> list[str]:
        """Names of the packages of the tree."""
        return sorted(path.parent.name for path in self._image.glob(f"*/{PACKAGE}"))

    def state(self) -> dict[str, Any]:
        """`files`, digests of those served now by path, and paths `differing` from the image's."""
        served, image = self._digests(self.root), self._digests(self._image)
        differing = {path for path, _ in served.items() ^ image.items()}
        return {"files": served, "differing": sorted(differing)}

    def write(self, files: Mapping[str, str | None]) -> None:
        """Write files, given as base64; None deletes. Raises ValueError for a path outside."""
        for path in files:
            if Path(path).parts[0] not in self.packages or ".." in Path(path).parts:
                raise ValueError(f"{path} is not a file of {', '.join(self.packages)}")
        if not self._copy.is_dir():
            self._make_copy()
        self.forget(files)
        for path, content in files.items():
            if content is None:
                (self._copy / path).unlink(missing_ok=True)
            else:
                _write(self._copy / path, content)

    def add_packages(self, files: Mapping[str, str]) -> None:
        """Write packages that the image lacks, given as base64, beside the source."""
        assert self._folder  # noqa: S101  bare Python has them
        for path, content in files.items():
            _write(self._folder / PACKAGES / path, content)

    def forget(self, paths: Iterable[str]) -> None:
        """Have Python compile these files again.

        It tells versions of a file apart by size and by time in seconds.
        """
        for path in paths:
            Path(cache_from_source(str(self._copy / path))).unlink(missing_ok=True)

    def activate(self) -> None:
        """Have this process import from `root`."""
        image = str(self._image)
        sys.path[:] = [str(self.root), *(path for path in sys.path if path != image)]
        if self._folder:
            sys.path.append(str(self._folder / PACKAGES))
        if self.root != self._image:
            sys.dont_write_bytecode = False  # unlike the image's source, this can have a cache
        importlib.invalidate_caches()

    def restore(self) -> None:
        """Return to the image's files."""
        if self._copy != self._image:
            shutil.rmtree(self._copy, ignore_errors=True)

    def _make_copy(self) -> None:
        """Copy the packages; link to everything else, such as data."""
        made = self._copy.with_name("making")
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir()
        for entry in self._image.iterdir():
            if entry.name not in self.packages:
                (made / entry.name).symlink_to(entry)
        for path in self._files(self._image):
            target = made / path.relative_to(self._image)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        made.rename(self._copy)

    def _digests(self, root: Path) -> dict[str, str]:
        """SHA-256 of each file, by its path in the tree."""
        return {
            path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self._files(root)
        }

    def _files(self, root: Path) -> Iterator[Path]:
        for package in self.packages:
            for path in (root / package).rglob("*"):
                if path.is_file() and CACHE not in path.parts:
                    yield path


def _write(target: Path, content: str) -> None:
    """Write a file, given as base64, at once."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    part.write_bytes(base64.b64decode(content))
    part.replace(target)
