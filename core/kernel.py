"""The kernel: texts in, signals out. No clock, no randomness, no network, no environment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from core.assemble import Assembler
from core.data import load
from core.explain import explain
from core.model import Model
from core.options import Options
from core.pipeline import run
from core.reading import count, read
from core.results import Signal

CHUNK = 64
"""Texts read at once in a batch: enough to share numpy's overhead, few enough to stay small."""

DEFAULT = Options()


class Kernel:
    """A loaded vocabulary and the functions over it. Safe to share between threads."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._assembler = Assembler(model)

    @classmethod
    def load(cls, data_dir: Path | None = None) -> Kernel:
        """Load and check the vocabulary; `DataError` names the file, the path and the reason."""
        return cls(Model(load(data_dir)))

    @property
    def data_version(self) -> str:
        """The data's version and a digest of its contents."""
        return self._model.vocabulary.version

    def signal(self, text: str, options: Options = DEFAULT) -> Signal:
        """Read one text."""
        return self._chunk([text], options)[0]

    def batch(self, texts: Sequence[str], options: Options = DEFAULT) -> Iterator[Signal]:
        """Read texts in order; each signal is what `signal` gives for that text alone."""
        remaining = iter(texts)
        while chunk := list(islice(remaining, CHUNK)):
            yield from self._chunk(chunk, options)

    def _chunk(self, texts: Sequence[str], options: Options) -> list[Signal]:
        readings = [read(self._model, text, options.language) for text in texts]
        counts = count(self._model, readings)
        stages = run(self._model, counts, readings, options)
        signals = list(self._assembler.signals(readings, stages, options))
        if options.explain:
            for row, (reading, signal) in enumerate(zip(readings, signals, strict=True)):
                signal["explain"] = explain(self._model, reading, stages, row, options)
        return signals
