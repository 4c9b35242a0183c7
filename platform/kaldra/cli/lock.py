"""`./kaldra lock`: update everything derived from the version table and pyproject.toml.

Versions are written to the files that contain them, changed Go module lists and requirements.lock
are resolved, and examples, golden files and reference pages are regenerated.

requirements.lock is one resolution for every platform and Python, in sections: what every service
needs, what one of them adds (`# --- gateway`, `# --- core`), what the platform adds
(`# --- platform`). An image installs the first section and its service's, with the same hashes.
"""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from kaldra.cli import bump, reference
from kaldra.cli.ui import Console
from kaldra.errors import KaldraError
from kaldra.paths import REPO
from kaldra.toolchain import actionlint, gobuild
from kaldra.toolchain.builds import KUBECTL, KUBERNETES_PROVIDER, LANGUAGE_HOST, NODE, PULUMI_CLI
from kaldra.toolchain.commands import captured
from kaldra.toolchain.commands import run as run_command

LOCK = "requirements.lock"
MODULE_LISTS = (
    (NODE, KUBECTL, KUBERNETES_PROVIDER),
    (PULUMI_CLI,),
    (LANGUAGE_HOST,),
    (actionlint.BUILD,),
)
GENERATORS = ("docs/reference/generate.py", "tests/core/golden/update.py")
"""Scripts whose output contains the product's version."""
GROUPS = ("services", "gateway", "core", "platform")
HEADER = "# Every dependency, pinned with hashes; made by `./kaldra lock` from pyproject.toml.\n"

_REQUIREMENT = re.compile(r"^([a-z0-9][a-z0-9._-]*)==", re.IGNORECASE)


def run(console: Console) -> None:
    """Update every file; locked versions are kept if pyproject.toml allows them."""
    changed = bump.outdated(REPO)
    with console.step("Versions") as step:
        for path, text in changed.items():
            path.write_text(text, encoding="utf-8")
        step.done(f"{len(changed)} files changed")
    for builds in MODULE_LISTS:
        if builds[0].modules / "go.mod" in changed:
            gobuild.resolve(builds, console)
    if changed:
        for script in GENERATORS:
            run_command(
                [sys.executable, REPO / script],
                what=f"Running {script}",
                env={"PYTHONPATH": os.pathsep.join([str(REPO), str(REPO / "platform")])},
            )
        reference.run(console)
    with console.step("Lock") as step:
        step.update("resolving")
        text = resolve(REPO)
        (REPO / LOCK).write_text(text, encoding="utf-8")
        step.done(f"{len(blocks(text))} packages in {LOCK}")


def resolve(repo: Path) -> str:
    """Text of the lock for `repo`'s pyproject.toml.

    Raises KaldraError if the requirements cannot be resolved.
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
    done = captured(command, cwd=repo)
    if done.returncode != 0:
        raise KaldraError(f"Resolving pyproject.toml failed:\n{done.stderr.strip()}")
    return output.read_text(encoding="utf-8")
