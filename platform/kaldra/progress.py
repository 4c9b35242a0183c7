"""How long-running code tells what it is doing, without knowing about terminals."""

import time
from contextlib import AbstractContextManager
from typing import Protocol


class Step:
    """One line of work in progress."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.detail = ""
        self.fraction: float | None = None
        self.summary = ""
        self.started = self.printed = time.monotonic()

    def update(self, detail: str, fraction: float | None = None) -> None:
        """Say what is happening now; `fraction` is the estimated share done, 0..1."""
        self.detail, self.fraction = detail, fraction

    def done(self, summary: str) -> None:
        """Set the text shown when the step has ended well."""
        self.summary = summary

    def __str__(self) -> str:
        share = f" {self.fraction:.0%}" if self.fraction is not None else ""
        detail = f" · {self.detail}" if self.detail else ""
        return f"{self.title}{share}{detail} ({self.elapsed})"

    @property
    def elapsed(self) -> str:
        """Seconds since the step began."""
        return f"{time.monotonic() - self.started:.1f} s"


class Progress(Protocol):
    """Receives steps, notes and warnings; several steps may run at once, from any thread."""

    def step(self, title: str) -> AbstractContextManager[Step]:
        """Open a step; it ends with its block, well or with the exception that left it."""

    def note(self, text: str) -> None:
        """Say something worth knowing."""

    def warn(self, text: str) -> None:
        """Say something that may surprise."""
