"""`./kaldra test`: lint, unit tests, then end-to-end tests on a cluster of their own."""

import subprocess
import sys

from kaldra.cli import lint
from kaldra.cli.ui import Console
from kaldra.errors import KaldraError
from kaldra.paths import REPO


def run(console: Console, *, fast: bool, arguments: list[str]) -> None:
    """Run lint and all tests, with --fast without end-to-end tests; stop at the first failure."""
    lint.run(console)
    selection = ["-m", "not (e2e or interpreters or attack or workflows)"] if fast else []
    command = [sys.executable, "-m", "pytest", *selection, *arguments]
    code = subprocess.run(  # noqa: S603
        command, cwd=REPO, check=False
    ).returncode
    if code != 0:
        raise KaldraError(f"Tests failed (pytest exit code {code}).", hint="See above.")
