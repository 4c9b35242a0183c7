"""Progress that shows nothing, and remembers notes and warnings."""

from collections.abc import Iterator
from contextlib import contextmanager

from kaldra.progress import Step


class QuietProgress:
    def __init__(self) -> None:
        self.said: list[str] = []

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        yield Step(title)

    def note(self, text: str) -> None:
        self.said.append(text)

    def warn(self, text: str) -> None:
        self.said.append(text)
