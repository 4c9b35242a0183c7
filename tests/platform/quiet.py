"""Progress that says nothing, for calls whose progress no test looks at."""

from collections.abc import Iterator
from contextlib import contextmanager

from kaldra.progress import Step


class _SilentStep:
    def update(self, detail: str, fraction: float | None = None) -> None:
        pass

    def done(self, summary: str) -> None:
        pass


class QuietProgress:
    """Says nothing."""

    @contextmanager
    def step(self, _title: str) -> Iterator[Step]:
        """Run the block."""
        yield _SilentStep()

    def note(self, text: str) -> None:
        """Drop it."""

    def warn(self, text: str) -> None:
        """Drop it."""
