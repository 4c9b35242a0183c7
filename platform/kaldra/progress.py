"""How long-running code tells what it is doing, without knowing about terminals."""

from contextlib import AbstractContextManager
from typing import Protocol


class Step(Protocol):
    """One line of work in progress."""

    def update(self, detail: str, fraction: float | None = None) -> None:
        """Say what is happening now; `fraction` is the estimated share done, 0..1."""

    def done(self, summary: str) -> None:
        """Set the text shown when the step has ended well."""


class Progress(Protocol):
    """Receives steps, notes and warnings; several steps may run at once, from any thread."""

    def step(self, title: str) -> AbstractContextManager[Step]:
        """Open a step; it ends with its block, well or with the exception that left it."""

    def note(self, text: str) -> None:
        """Say something worth knowing."""

    def warn(self, text: str) -> None:
        """Say something that may surprise."""
