"""What a request is expected to take, told from its texts at a glance.

The queue is as fair as these figures: what takes longer than it is said to takes from others.
`bench/costs.py` compares them with what texts of many kinds take.
"""

from collections.abc import Sequence
from itertools import islice
from random import SystemRandom

from core.apps.alpha import MOST_SECTIONS
from core.kernel import Kernel
from core.quotes import MARKS
from core.text import BLANK_LINES

CALL, TEXT = 0.4, 0.35
CHARACTER, BYTE = 0.00014, 0.0003
"""Milliseconds of a call and of a text in it, of a character and of each byte beyond ASCII."""

MARK = 0.001
"""Milliseconds to find out who said what a quotation mark begins or ends."""

NEW_WORD = 0.0045
"""Milliseconds to find out that a word means nothing, when it is met for the first time."""

APPLICATIONS = {"alpha": 1.0, "geo": 1.0, "product": 2.8, "safeguard": 2.5}
"""How much longer an application takes for a text: two look for the places of its terms too."""

EXPLAIN = 6
"""How much longer a text takes that is explained."""

WINDOW, NEW_WORD_IN_WINDOW = 2, 0.007
"""How much longer a window takes than its texts, and the milliseconds of a word new to it."""

SAMPLES, SAMPLE = 8, 128
"""Texts and characters of each that are looked at for marks and new words: any caller may be
charged too little or too much, but none can choose the place, so that the average is right."""

SAMPLED_FROM = 1_000
"""Characters from which on a look takes little of what the texts take."""

_RANDOM = SystemRandom()


class Costs:
    """Estimates in milliseconds for one kernel: it knows which words it has met."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def texts(self, texts: Sequence[str], *, explain: bool) -> float:
        """Return what the signals of `texts` take."""
        return self._texts(texts, 1, explain=explain)

    def application(self, name: str, text: str, *, explain: bool) -> float:
        """Return what the application of a name takes."""
        cost = self._texts([text], APPLICATIONS[name], explain=explain)
        if name == "alpha":  # which reads every paragraph by itself too
            gaps = sum(1 for _ in islice(BLANK_LINES.finditer(text), MOST_SECTIONS))
            cost += TEXT * gaps + (self._reading([text], NEW_WORD) if gaps else 0.0)
        return cost

    def window(self, texts: Sequence[str]) -> float:
        """Return what a window of `texts` takes."""
        return CALL + WINDOW * (TEXT * len(texts) + self._reading(texts, NEW_WORD_IN_WINDOW))

    def _texts(self, texts: Sequence[str], factor: float, *, explain: bool) -> float:
        cost = CALL + TEXT * len(texts) + factor * self._reading(texts, NEW_WORD)
        return EXPLAIN * cost if explain else cost

    def _reading(self, texts: Sequence[str], new_word: float) -> float:
        characters = sum(map(len, texts))
        more = sum(len(text.encode()) - len(text) for text in texts if not text.isascii())
        pieces = _pieces(texts) if characters >= SAMPLED_FROM else []
        seen = MARK * sum(piece.count(mark) for piece in pieces for mark in MARKS)
        seen += new_word * self._kernel.new_words(pieces)
        share = characters / max(1, sum(map(len, pieces)))
        return CHARACTER * characters + BYTE * more + seen * share


def _pieces(texts: Sequence[str]) -> list[str]:
    """Return pieces of `texts`, from longer ones more often."""
    if len(texts) > 1:
        texts = _RANDOM.choices(texts, [1 + len(text) for text in texts], k=SAMPLES)
    starts = [_RANDOM.randrange(max(1, len(text) - SAMPLE + 1)) for text in texts]
    return [text[start : start + SAMPLE] for text, start in zip(texts, starts, strict=True)]
