"""What is found in a text, and what it counts for.

A hit is a term at a place; its *meaning* is a row of a table that all lexicons share. So a text
keeps whole numbers only, and the hits of a batch are counted in one go.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

PLAIN, INTENSIFIED, NEGATED, WEAKENED = 2, 3, 1, 1
"""Units of a hit; two units are one hit, so that all counts stay whole numbers."""

AS_IT_STANDS, WITH_INTENSIFIER, UNDER_NEGATION, BEFORE_CONTRAST = range(4)
"""The places in `Senses`."""

Senses = tuple[int, ...]
"""The meanings of a term as it stands, after an intensifier, under a negation and before a "but";
none for a phrase that says nothing."""

_WEAKER = (BEFORE_CONTRAST, AS_IT_STANDS, UNDER_NEGATION, BEFORE_CONTRAST)

Hit = tuple[int, int, int]
"""The first token of a term, its last, the number of its meaning."""


def weaker(meaning: int) -> int:
    """Return the meaning of a hit once a contrast follows it: meanings lie in fours."""
    place = meaning % len(_WEAKER)
    return meaning - place + _WEAKER[place]


class Meaning(NamedTuple):
    """What a hit counts for: concepts (the opposite ones of a negated term), in how many units."""

    concepts: tuple[int, ...]
    units: int
    negated: bool


@dataclass(frozen=True, slots=True)
class Hits:
    """The terms found in a text, in order, without overlaps.

    A column each, not an object for every hit: a batch holds thousands of them, and the garbage
    collector would go through them again and again.
    """

    first: list[int] = field(default_factory=list)
    last: list[int] = field(default_factory=list)
    meaning: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.meaning)

    def __iter__(self) -> Iterator[Hit]:
        return zip(self.first, self.last, self.meaning, strict=True)

    @classmethod
    def of(cls, hits: Iterable[Hit]) -> Self:
        """Return listed hits as columns."""
        listed = list(hits)
        first, last, meaning = ([hit[place] for hit in listed] for place in range(3))
        return cls(first, last, meaning)


class Meanings:
    """The numbered meanings of all terms.

    `opposites` gives the number of each concept's opposite, or -1.
    """

    def __init__(self, opposites: Sequence[int]) -> None:
        self._opposites = opposites
        self._known: dict[tuple[int, ...], Senses] = {}
        self._listed: list[Meaning] = []

    def __getitem__(self, number: int) -> Meaning:
        return self._listed[number]

    def senses(self, concepts: tuple[int, ...]) -> Senses:
        """Return the meanings of a term for these concepts, numbered when they are new."""
        if not concepts:
            return ()
        if concepts not in self._known:
            against = tuple(self._opposites[c] for c in concepts if self._opposites[c] >= 0)
            start = len(self._listed)
            self._listed += [
                Meaning(concepts, PLAIN, negated=False),
                Meaning(concepts, INTENSIFIED, negated=False),
                Meaning(against, NEGATED, negated=True),
                Meaning(concepts, WEAKENED, negated=False),
            ]
            self._known[concepts] = tuple(range(start, start + len(_WEAKER)))
            self.senses(against)
        return self._known[concepts]

    def turned(self, senses: Senses) -> Senses:
        """Return the meanings of a word whose affix turns it to the opposite side."""
        return self.senses(self._listed[senses[UNDER_NEGATION]].concepts) if senses else ()

    def tally(self) -> "Tally":
        """Return what counts hits, once all lexicons have numbered their meanings."""
        return Tally(self._listed, len(self._opposites))


class Tally:
    """Counts the hits of texts by concept."""

    def __init__(self, meanings: Sequence[Meaning], concepts: int) -> None:
        widest = max((len(meaning.concepts) for meaning in meanings), default=0)
        self._spare = concepts
        self._concepts = np.full((len(meanings), widest), self._spare)
        for number, meaning in enumerate(meanings):
            self._concepts[number, : len(meaning.concepts)] = meaning.concepts
        self._units = np.array([[float(m.units)] * widest for m in meanings])

    def __call__(self, texts: Sequence[Hits]) -> npt.NDArray[np.float64]:
        """Return (texts, concepts): units of hits, whole numbers.

        A meaning of fewer concepts than the widest counts for a spare column, which is left out.
        """
        width = self._spare + 1
        found = np.fromiter(chain.from_iterable(hits.meaning for hits in texts), dtype=np.intp)
        rows = np.repeat(np.arange(len(texts)), [len(hits) for hits in texts])
        cells = self._concepts[found] + width * rows[:, None]
        counts = np.bincount(cells.ravel(), self._units[found].ravel(), width * len(texts))
        return counts.astype(np.float64).reshape(len(texts), width)[:, : self._spare]
