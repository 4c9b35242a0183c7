"""`./kaldra lint`: every checker over what it is made for, all of them even when one fails."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from kaldra.cli.ui import Console
from kaldra.errors import KaldraError
from kaldra.paths import REPO


def run(console: Console) -> None:
    """Run the checkers; raises KaldraError naming those that found something."""
    failed = [name for name, command in checks(REPO) if not _passes(console, name, command)]
    if failed:
        raise KaldraError(f"Lint found faults: {', '.join(failed)}.", hint="See above.")


def checks(repo: Path) -> list[tuple[str, Sequence[str]]]:
    """What is checked by what: (name, command)."""
    tracked = _tracked(repo)
    python = [sys.executable, "-m"]
    shell = [p for p in tracked if _is_shell(repo / p)]
    dockerfiles = [p for p in tracked if p.endswith("Dockerfile")]
    yaml = [p for p in tracked if p.endswith((".yaml", ".yml"))]
    workflows = [p for p in yaml if p.startswith(".github/workflows/")]
    packages = [d for d in ("app", "core", "serving", "platform") if (repo / d).is_dir()]
    found: list[tuple[str, Sequence[str]]] = [
        ("ruff check", [*python, "ruff", "check", "--quiet", "."]),
        ("ruff format", [*python, "ruff", "format", "--check", "--quiet", "."]),
        ("mypy", [*python, "mypy", "--no-error-summary", *packages]),
        ("yamllint", [*python, "yamllint", "--strict", *yaml]),
        ("shellcheck", [_tool("shellcheck"), *shell]),
        ("hadolint", [_tool("hadolint"), *dockerfiles]),
    ]
    if workflows:
        found.append(("zizmor", [_tool("zizmor"), "--offline", "--quiet", *workflows]))
    return found


def _passes(console: Console, name: str, command: Sequence[str]) -> bool:
    with console.step(name) as step:
        done = subprocess.run(  # noqa: S603
            command, cwd=REPO, capture_output=True, text=True, check=False
        )
        step.done("clean" if done.returncode == 0 else "FAULTS")
    if done.returncode != 0:
        console.raw((done.stdout + done.stderr).strip())
    return done.returncode == 0


def _tracked(repo: Path) -> list[str]:
    """Files that git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=repo,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return sorted(p for p in listed.split("\0") if p and (repo / p).is_file())


def _is_shell(path: Path) -> bool:
    if path.suffix == ".sh":
        return True
    if path.suffix:
        return False
    with path.open("rb") as file:
        first = file.readline(64)
    return first.startswith(b"#!") and first.rstrip().endswith((b"/sh", b"bash"))


def _tool(name: str) -> str:
    own = Path(sys.executable).parent / name
    return str(own) if own.exists() else shutil.which(name) or name
