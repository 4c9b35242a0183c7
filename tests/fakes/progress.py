"""Progress that shows nothing, and remembers notes and warnings."""

from collections.abc import Iterator
from contextlib import contextmanager

from kaldra.progress import Step


class _SilentStep:
    def update(self, detail: str, fraction: float | None = None) -> None:
        pass

    def done(self, summary: str) -> None:
        pass


class QuietProgress:
    def __init__(self) -> None:
        self.said: list[str] = []

    @contextmanager
    def step(self, _title: str) -> Iterator[Step]:
        yield _SilentStep()

    def note(self, text: str) -> None:
        self.said.append(text)

    def warn(self, text: str) -> None:
        self.said.append(text)
