"""The kernel: texts in, signals out. No clock, no randomness, no network, no environment."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from contract.apps import AlphaAnswer, GeoAnswer, ProductAnswer, SafeguardAnswer
from contract.options import Options
from contract.signal import Signal
from contract.vocabulary import Kind, Language
from contract.window import WindowAnswer
from core.apps import alpha, geo, product, safeguard
from core.apps.common import Analysis
from core.assemble import signals
from core.explain import explain
from core.model import Model
from core.pipeline import Stages, run
from core.reading import Reading, read
from core.text import fold, tokens
from core.vocabulary import load
from core.vocabulary.view import view
from core.window import read_window
from core.wording import vector_of

CHUNK = 64
CHUNK_CHARACTERS = 1 << 16
"""Texts and characters read at once in a batch: enough to share numpy's overhead, few enough to
take milliseconds."""

DEFAULT = Options()


class Kernel:
    """A loaded vocabulary and the functions over it. Safe to share between threads."""

    def __init__(self, model: Model, ended: Callable[[str], None] = lambda _: None) -> None:
        """Compute with `model`; `ended` is called with the name of each stage that has ended."""
        self._model = model
        self._ended = ended

    @classmethod
    def load(cls, data_dir: Path | None = None) -> Self:
        """Load and check the vocabulary; `DataError` names the file, the path and the reason."""
        return cls(Model(load(data_dir)))

    def watched(self, ended: Callable[[str], None]) -> Self:
        """The same kernel for one request, whose stages are timed outside of it."""
        return type(self)(self._model, ended)

    @property
    def data_version(self) -> str:
        """The data's version and a digest of its contents."""
        return self._model.vocabulary.version

    def signal(self, text: str, options: Options = DEFAULT) -> Signal:
        """Read one text."""
        return next(self._signals(*self._stages([text], options), options))

    def batch(self, texts: Sequence[str], options: Options = DEFAULT) -> Iterator[Signal]:
        """Read texts in order; each signal is what `signal` gives for that text alone."""
        remaining = iter(texts)
        while chunk := _chunk(remaining):
            yield from self._signals(*self._stages(chunk, options), options)

    def window(self, texts: Sequence[str], options: Options = DEFAULT) -> WindowAnswer:
        """Read texts in time order as one window.

        Raises:
            ValueError: there are no texts.

        """
        return next(answer for answer in self.window_steps(texts, options) if answer)

    def window_steps(
        self, texts: Sequence[str], options: Options = DEFAULT
    ) -> Iterator[WindowAnswer | None]:
        """Do what `window` does in small steps: None after each text, the answer at the end."""
        if not texts:
            raise ValueError("a window needs at least one text")
        plain = _plain(options)
        signals, vectors = [], []
        for text, signal in zip(texts, self.batch(texts, plain), strict=True):
            signals.append(signal)
            vectors.append(vector_of(text))
            yield None
        yield read_window(self._model, signals, vectors, plain)

    def alpha(
        self,
        text: str,
        options: Options = DEFAULT,
        *,
        ticker: str | None = None,
        quarter: str | None = None,
    ) -> AlphaAnswer:
        """Read an earnings call."""
        parts = alpha.sections(text)
        signals = self.batch(parts, _plain(options)) if len(parts) > 1 else ()
        answer = alpha.analyse(self._analysis(text, options), signals, ticker, quarter)
        self._ended("analyse")
        return answer

    def geo(
        self,
        text: str,
        options: Options = DEFAULT,
        *,
        region: str | None = None,
        source: str | None = None,
    ) -> GeoAnswer:
        """Read a geopolitical text."""
        answer = geo.analyse(self._analysis(text, options), region, source)
        self._ended("analyse")
        return answer

    def product(
        self,
        text: str,
        options: Options = DEFAULT,
        *,
        product_id: str | None = None,
        category: str | None = None,
        channel: str | None = None,
    ) -> ProductAnswer:
        """Read a product text."""
        answer = product.analyse(self._analysis(text, options), product_id, category, channel)
        self._ended("analyse")
        return answer

    def safeguard(
        self, text: str, options: Options = DEFAULT, *, source: str | None = None
    ) -> SafeguardAnswer:
        """Evaluate the toxicity and bias of a text."""
        answer = safeguard.analyse(self._analysis(text, options), source)
        self._ended("analyse")
        return answer

    def new_words(self, pieces: Sequence[str]) -> int:
        """Return how many words of `pieces`, which are cut from texts, no lexicon has met."""
        found = [token for piece in pieces for token in tokens(fold(piece))[1:-1]]
        return min(lexicon.new_words(found) for lexicon in self._model.lexicons.values())

    def vocabulary(self, kind: Kind, language: Language = "en") -> list[dict[str, Any]]:
        """Return one list of the vocabulary with its labels in one language."""
        return view(self._model.vocabulary, kind, language)

    def _analysis(self, text: str, options: Options) -> Analysis:
        readings, stages = self._stages([text], options)
        signal = next(self._signals(readings, stages, options))
        return Analysis(self._model, readings[0], stages, signal)

    def _stages(self, texts: Sequence[str], options: Options) -> tuple[list[Reading], Stages]:
        readings = [read(self._model, text, options.language) for text in texts]
        self._ended("read")
        counts = self._model.meanings.tally([reading.hits.meaning for reading in readings])
        stages = run(self._model, counts, readings, options)
        self._ended("compute")
        return readings, stages

    def _signals(
        self, readings: Sequence[Reading], stages: Stages, options: Options
    ) -> Iterator[Signal]:
        """Yield one signal per text; none is kept here, so a batch holds one at a time."""
        for row, signal in enumerate(signals(self._model, readings, stages, options)):
            self._ended("assemble")
            if options.explain:
                signal["explain"] = explain(self._model, readings[row], stages, row, options)
                self._ended("explain")
            yield signal


def _chunk(remaining: Iterator[str]) -> list[str]:
    """Take the next texts: CHUNK, or fewer of long ones."""
    chunk: list[str] = []
    characters = 0
    while len(chunk) < CHUNK and characters < CHUNK_CHARACTERS:
        text = next(remaining, None)
        if text is None:
            break
        chunk.append(text)
        characters += len(text)
    return chunk


def _plain(options: Options) -> Options:
    """Return the same options without an explanation."""
    return options.model_copy(update={"explain": False})
