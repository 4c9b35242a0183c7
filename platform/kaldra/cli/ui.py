"""What the command line shows: one line per step, with its elapsed time.

On a terminal the steps in progress are redrawn in place; elsewhere each step prints one line
when it ends, and long ones say every few seconds that they are alive.
"""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from kaldra import variables
from kaldra.progress import Step

REDRAW_SECONDS = 0.2
HEARTBEAT_SECONDS = 20.0


class _Line:
    """A step in progress."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.detail = ""
        self.fraction: float | None = None
        self.summary = ""
        self.started = time.monotonic()
        self.spoke = self.started

    def update(self, detail: str, fraction: float | None = None) -> None:
        self.detail, self.fraction = detail, fraction

    def done(self, summary: str) -> None:
        self.summary = summary

    def text(self) -> str:
        share = f" {self.fraction:.0%}" if self.fraction is not None else ""
        detail = f" · {self.detail}" if self.detail else ""
        return f"{self.title}{share}{detail}"

    @property
    def elapsed(self) -> str:
        return f"{time.monotonic() - self.started:.1f} s"


class Console:
    """Progress on a stream; safe to use from several threads."""

    def __init__(self, stream: TextIO | None = None, *, quiet: bool = False) -> None:
        self._stream = stream or sys.stderr
        self._quiet = quiet
        self._live = self._stream.isatty() and variables.TERM.value != "dumb"
        self._color = self._live and not variables.NO_COLOR.value
        self._lock = threading.RLock()
        self._open: list[_Line] = []
        self._drawn = 0
        self._ticker: threading.Thread | None = None

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Show a step until its block ends; an exception marks it failed and goes on."""
        line = _Line(title)
        with self._lock:
            self._open.append(line)
            self._start_ticker()
        try:
            yield line
        except BaseException:
            self._close(line, "✗", "31")
            raise
        self._close(line, "✓", "32")

    def note(self, text: str) -> None:
        """Say something worth knowing."""
        if not self._quiet:
            self._print(f"  {text}")

    def warn(self, text: str) -> None:
        """Say something that may surprise."""
        self._print(self._painted("33", f"! {text}"))

    def error(self, message: str, hint: str = "") -> None:
        """Say what failed and the next command to type."""
        self._print(self._painted("31", f"✗ {message}"))
        if hint:
            self._print(f"  → {hint}")

    def raw(self, text: str) -> None:
        """Pass on a line of another program."""
        self._print(text)

    def _painted(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._color else text

    def _close(self, line: _Line, mark: str, code: str) -> None:
        with self._lock:
            self._open.remove(line)
            if self._quiet and mark == "✓":
                self._redraw()
                return
            summary = f" · {line.summary}" if line.summary else ""
            self._print(f"{self._painted(code, mark)} {line.title}{summary} ({line.elapsed})")

    def _print(self, text: str) -> None:
        with self._lock:
            self._erase()
            self._stream.write(f"{text}\n")
            self._redraw()
            self._stream.flush()

    def _erase(self) -> None:
        if self._drawn:
            self._stream.write(f"\x1b[{self._drawn}F\x1b[J")
            self._drawn = 0

    def _redraw(self) -> None:
        if not self._live or self._quiet:
            return
        self._erase()
        columns = os.get_terminal_size(self._stream.fileno()).columns
        for line in self._open:
            text = f"… {line.text()} ({line.elapsed})"
            self._stream.write(text[: max(20, columns - 1)] + "\n")
        self._drawn = len(self._open)
        self._stream.flush()

    def _start_ticker(self) -> None:
        if self._quiet or (self._ticker and self._ticker.is_alive()):
            return
        self._ticker = threading.Thread(target=self._tick, daemon=True)
        self._ticker.start()

    def _tick(self) -> None:
        while True:
            time.sleep(REDRAW_SECONDS)
            with self._lock:
                if not self._open:
                    return
                if self._live:
                    self._redraw()
                    continue
                for line in self._open:
                    if time.monotonic() - line.spoke >= HEARTBEAT_SECONDS:
                        line.spoke = time.monotonic()
                        self._stream.write(f"… {line.text()} ({line.elapsed})\n")
                        self._stream.flush()
