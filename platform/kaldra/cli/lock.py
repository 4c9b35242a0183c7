"""`kaldra lock`: requirements.lock from the dependency groups of pyproject.toml.

One resolution for every platform and Python, written in three sections: what the gateway needs,
what the core adds (`# --- core`), what the platform adds (`# --- platform`). An image installs
the leading sections alone, from the same file and with the same hashes as everything else.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from kaldra.cli.ui import Console
from kaldra.errors import KaldraError
from kaldra.paths import REPO

LOCK = "requirements.lock"
GROUPS = ("gateway", "core", "platform")
HEADER = "# Every dependency, pinned with hashes; made by `./kaldra lock` from pyproject.toml.\n"

_REQUIREMENT = re.compile(r"^([a-z0-9][a-z0-9._-]*)==", re.IGNORECASE)


def run(console: Console) -> None:
    """Write the lock; versions that the present one pins stay, unless pyproject forbids them."""
    with console.step("Lock") as step:
        step.update("resolving")
        text = resolve(REPO)
        (REPO / LOCK).write_text(text, encoding="utf-8")
        step.done(f"{len(blocks(text))} packages in {LOCK}")


def resolve(repo: Path) -> str:
    """Text of the lock for `repo`'s pyproject.toml.

    Raises KaldraError where no set of versions fits.
    """
    with tempfile.TemporaryDirectory() as scratch:
        full = Path(scratch, LOCK)
        if (repo / LOCK).is_file():
            shutil.copyfile(repo / LOCK, full)
        everything = blocks(_compile(repo, GROUPS, full))
        written: set[str] = set()
        text = HEADER
        for index, group in enumerate(GROUPS):
            output = Path(scratch, group)
            shutil.copyfile(full, output)
            names = blocks(_compile(repo, GROUPS[: index + 1], output)).keys() - written
            text += f"# --- {group}\n" if index else ""
            text += "".join(everything[name] for name in sorted(names))
            written |= names
    return text


def blocks(text: str) -> Mapping[str, str]:
    """Package name → its lines (requirement and hashes) in a compiled requirements file."""
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines(keepends=True):
        if match := _REQUIREMENT.match(line):
            name = match[1]
            found[name] = ""
        if name and not line.startswith("#"):
            found[name] += line
    return found


def _compile(repo: Path, groups: tuple[str, ...], output: Path) -> str:
    command = [
        str(Path(sys.executable).parent / "uv"),
        *("pip", "compile", "--quiet", "--no-config", "--universal", "--python-version", "3.11"),
        *("--fork-strategy", "fewest", "--generate-hashes", "--only-binary", ":all:"),
        *("--no-annotate", "--no-header", "--no-emit-index-url"),
        *(f"--group={group}" for group in groups),
        *("--output-file", str(output), "pyproject.toml"),
    ]
    done = subprocess.run(  # noqa: S603  the pinned uv of this environment
        command, cwd=repo, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise KaldraError(f"No lock for pyproject.toml:\n{done.stderr.strip()}")
    return output.read_text(encoding="utf-8")
