"""Images made from Debian packages, for machines that reach no image registry."""

import hashlib
import re
import shutil
import tempfile
from pathlib import Path

from kaldra.errors import KaldraError
from kaldra.progress import Progress, Step
from kaldra.toolchain import docker_api
from kaldra.toolchain.commands import run
from kaldra.toolchain.engine import install_packages
from kaldra.toolchain.machine import machine

RELEASE = "bookworm"
SOURCES = (Path("/etc/apt/sources.list"), Path("/etc/apt/sources.list.d"))
UNNEEDED = (
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    "usr/share/info",
    "var/cache/apt",
    "var/lib/apt/lists",
    "var/log",
)
"""Emptied in every image: documentation, translations and apt's caches."""


def recipe_digest(*parts: str | bytes) -> str:
    """Short digest of everything that decides what an image holds."""
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8) + data)
    return whole.hexdigest()[:12]


def mirror() -> str:
    """The Debian archive that this machine itself installs from.

    Raises KaldraError where its package sources name none.
    """
    files = [f for s in SOURCES for f in ([s] if s.is_file() else sorted(s.glob("*")))]
    for file in files:
        text = file.read_text(errors="replace")
        lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
        for address in re.findall(r"(?:https?|ftp)://[^\s\]]+", "\n".join(lines)):
            if address.rstrip("/").endswith("/debian"):
                return str(address)
    raise KaldraError(
        "No Debian archive is named in this machine's package sources.",
        hint="Add one to /etc/apt/sources.list, then: apt-get update",
    )


def bootstrap(tag: str, packages: tuple[str, ...], progress: Progress) -> None:
    """Make a minimal Debian image with a few packages and import it as `tag`."""
    with progress.step(f"base image {tag}") as step:
        if not shutil.which("debootstrap", path="/usr/sbin:/usr/bin"):
            if not (machine().root and machine().debian):
                raise KaldraError(
                    "Making the base image from Debian packages needs root and debootstrap.",
                    hint="Run as root on a Debian-family system, or where Docker Hub is reachable.",
                )
            install_packages(("debootstrap",), step)
        with tempfile.TemporaryDirectory(prefix="kaldra-base-") as folder:
            root = Path(folder) / "root"
            run(
                [
                    "debootstrap",
                    "--variant=minbase",
                    f"--include={','.join(packages)}",
                    RELEASE,
                    root,
                    mirror(),
                ],
                what="Making the base image with debootstrap",
                each_line=lambda line: step.update(line[:60]),
                hint="Is the Debian archive reachable? apt-get update",
            )
            strip(root)
            _import(root, tag, step)
        step.done(_size(tag))


def strip(root: Path) -> None:
    """Empty what no container needs; the folders stay, since packages expect them."""
    for name in UNNEEDED:
        for entry in (root / name).glob("*"):
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()


def build(tag: str, dockerfile: str, context: Path, step: Step, *, client: Path) -> None:
    """Build an image with BuildKit from a Dockerfile's text and a context folder."""
    run(
        [client, "build", "--progress=plain", "--tag", tag, "--file", "-", context],
        what=f"Building image {tag}",
        env={"DOCKER_BUILDKIT": "1"},
        stdin=dockerfile.encode(),
        each_line=lambda line: step.update(line[:70]),
    )
    step.done(_size(tag))


def _import(root: Path, tag: str, step: Step) -> None:
    step.update("importing")
    archive = root.parent / "root.tar"
    run(
        ["tar", "--numeric-owner", "--one-file-system", "-C", root, "-cf", archive, "."],
        what="Packing the base image",
    )
    shutil.rmtree(root)
    run(
        ["docker", "import", "--change", 'CMD ["bash"]', archive, tag],
        what="Importing the base image",
    )


def _size(tag: str) -> str:
    found = docker_api.request("GET", f"/images/{tag}/json") or {}
    return f"{found.get('Size', 0) / 1e6:.0f} MB"
