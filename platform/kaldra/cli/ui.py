"""Output of the command line: one line per step, with its elapsed time.

On a terminal rich redraws the steps in progress in place; elsewhere each step prints one line when
it ends, and long ones print one every few seconds.
"""

import re
import shlex
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, TextIO

from kaldra import variables
from kaldra.errors import ConfigurationError, KaldraError
from kaldra.progress import Step

if TYPE_CHECKING:
    from rich.console import Console as Terminal

TICK_SECONDS = 0.2
HEARTBEAT_SECONDS = 20.0
DEFAULT_STACK = "dev"
"""Stack of every verb that is called without one."""


class Console:
    """Progress on a stream; may be used from several threads."""

    stack: ClassVar[str] = DEFAULT_STACK
    """Stack of this run, which `of_this_stack` adds to the commands in messages."""

    def __init__(self, stream: TextIO | None = None, *, quiet: bool = False) -> None:
        self._stream = stream or sys.stderr
        self._quiet = quiet
        self._on_terminal = self._stream.isatty() and variables.TERM.value != "dumb"
        self._lock = threading.RLock()
        self._open: list[Step] = []
        self._ticker: threading.Thread | None = None

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Show a step until its block ends; an exception marks it as failed and is re-raised."""
        line = self.begin(title)
        try:
            yield line
        except BaseException:
            self.end(line, failed=True)
            raise
        self.end(line)

    def begin(self, title: str) -> Step:
        """Show a step until `end`."""
        line = Step(title)
        with self._lock:
            self._open.append(line)
            if not self._quiet and not (self._ticker and self._ticker.is_alive()):
                ticker = self._draw if self._on_terminal else self._report_long_steps
                self._ticker = threading.Thread(target=ticker, daemon=True)
                self._ticker.start()
        return line

    def end(self, line: Step, *, failed: bool = False) -> None:
        """Print the result of a step."""
        with self._lock:
            self._open.remove(line)
            if failed or not self._quiet:
                summary = f" · {line.summary}" if line.summary else ""
                mark, style = ("✗", "red") if failed else ("✓", "green")
                self._print(mark, style, f" {line.title}{summary} ({line.elapsed})")

    def note(self, text: str) -> None:
        """Print a remark."""
        if not self._quiet:
            self._print(f"  {of_this_stack(text)}")

    def warn(self, text: str) -> None:
        """Print a warning."""
        self._print(f"! {of_this_stack(text)}", "yellow")

    def error(self, message: str, hint: str = "") -> None:
        """Print an error and the next command to run."""
        self._print(f"✗ {of_this_stack(message)}", "red")
        if hint:
            self._print(f"  → {of_this_stack(hint)}")

    def raw(self, text: str) -> None:
        """Print a line of another program."""
        self._print(text)

    @cached_property
    def _terminal(self) -> "Terminal":
        # Only here: the import takes 0.1 s.
        from rich.console import Console as Terminal  # noqa: PLC0415

        return Terminal(file=self._stream, soft_wrap=True)

    def _print(self, text: str, style: str = "", rest: str = "") -> None:
        with self._lock:
            if self._on_terminal:
                from rich.text import Text  # noqa: PLC0415  see _terminal

                self._terminal.print(Text(text, style).append(rest))
                return
            self._stream.write(f"{text}{rest}\n")
            self._stream.flush()

    def _draw(self) -> None:
        from rich.live import Live  # noqa: PLC0415  see _terminal
        from rich.text import Text  # noqa: PLC0415  see _terminal

        with Live(console=self._terminal, transient=True, auto_refresh=False) as live:
            while self._open:
                lines = "\n".join(f"… {line}" for line in list(self._open))
                live.update(Text(lines, no_wrap=True, overflow="ellipsis"), refresh=True)
                time.sleep(TICK_SECONDS)

    def _report_long_steps(self) -> None:
        while self._open:
            time.sleep(TICK_SECONDS)
            with self._lock:
                for line in self._open:
                    if time.monotonic() - line.printed >= HEARTBEAT_SECONDS:
                        line.printed = time.monotonic()
                        self._print(f"… {line}")


def of_this_stack(text: str) -> str:
    """Add the stack of this run to each `./kaldra VERB` in a message that names none.

    As it stands, the command would act on the default stack: `down --all` on another cluster.
    """
    if Console.stack == DEFAULT_STACK or "./kaldra " not in text:
        return text
    from kaldra.cli.reference import verbs  # noqa: PLC0415  imports every verb

    take = [n for n, verb in verbs().items() if any(p.name == "stack" for p in verb.params)]
    command = rf"\./kaldra (?:{'|'.join(take)})\b(?![^,;&)\n]*--stack)"
    return re.sub(command, lambda found: f"{found[0]} --stack {shlex.quote(Console.stack)}", text)


def write_json(document: object) -> None:
    """Print a dataclass on standard output; docs/reference/cli/ has the schema of each."""
    from pydantic import TypeAdapter  # noqa: PLC0415  most verbs print no JSON

    text = TypeAdapter(type(document)).dump_json(document, indent=2).decode()
    sys.stdout.write(f"{text}\n")


def confirm(question: str, command: str) -> None:
    """Ask on the terminal. Raises KaldraError on a no, ConfigurationError where nobody can answer.

    `command` is the one that does it without asking.
    """
    if not sys.stdin.isatty():
        raise ConfigurationError(f"Nothing was changed: {question}", hint=command)
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise KaldraError("Nothing was changed.")
