"""`./kaldra test`: lint, unit tests, then end-to-end tests on clusters of their own."""

import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext

from kaldra.cli import lint
from kaldra.cli.ui import Console
from kaldra.errors import KaldraError
from kaldra.paths import REPO
from kaldra.toolchain.commands import interruptible

PYTEST = (sys.executable, "-m", "pytest", "--numprocesses=auto", "--maxprocesses=4")
"""Tests run side by side, one process per core: tests/e2e/groups.py has what stays together."""


def run(console: Console, *, fast: bool, arguments: list[str] | None) -> None:
    """Run lint, then the tests; with --fast without end-to-end tests. Stop at the first failure."""
    with nullcontext() if fast or arguments else _preparing():
        lint.run(console)
        selection = ["-m", "not (e2e or interpreters or attack or workflows)"] if fast else []
        code = _end_of([*PYTEST, *selection, *(arguments or ())])
    if code != 0:
        raise KaldraError(f"Tests failed (pytest exit code {code}).", hint="See above.")


@contextmanager
def _preparing() -> Iterator[None]:
    """Meanwhile provide what the end-to-end tests need: on a new machine it is compiled first."""
    command = ["nice", str(REPO / "kaldra"), "env"]
    silent = subprocess.DEVNULL  # what fails here fails again, aloud, in the tests
    process = subprocess.Popen(command, stdin=silent, stdout=silent, stderr=silent)  # noqa: S603
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _end_of(command: Sequence[str]) -> int:
    """Exit code of pytest; interrupted, it removes what its tests have made before it ends."""
    with interruptible():
        process = subprocess.Popen(command, cwd=REPO)  # noqa: S603
    try:
        return process.wait()
    except BaseException as ended:
        # A terminal has interrupted pytest, too.
        if not (isinstance(ended, KeyboardInterrupt) and sys.stdin.isatty()):
            process.send_signal(signal.SIGINT)
        process.wait()
        raise
