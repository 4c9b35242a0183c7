"""What is found in a text, and what it counts for.

A hit is a term at a place; its *meaning* is a row of a table that all lexicons share. So a text
keeps whole numbers only, and the hits of a batch are counted in one go.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, zip_longest
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

PLAIN, INTENSIFIED, NEGATED, WEAKENED = 2, 3, 1, 1
"""Units of a hit; two units are one hit, so that all counts stay whole numbers."""

AS_IT_STANDS, WITH_INTENSIFIER, UNDER_NEGATION, BEFORE_CONTRAST = range(4)
"""A term's meanings, which lie in fours: after an intensifier, under a negation, before a "but"."""

Senses = int
"""The number of a term's first meaning; 0 for a phrase that says nothing."""

_WEAKER = (BEFORE_CONTRAST, AS_IT_STANDS, UNDER_NEGATION, BEFORE_CONTRAST)

Hit = tuple[int, int, int]
"""The first token of a term, its last, the number of its meaning."""


def weaker(meaning: int) -> int:
    """Return the meaning of a hit once a contrast follows it."""
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


class Meanings(list[Meaning]):
    """The numbered meanings of all terms.

    `opposites` gives the number of each concept's opposite, or -1.
    """

    def __init__(self, opposites: Sequence[int]) -> None:
        super().__init__()
        self._opposites = opposites
        self._known: dict[tuple[int, ...], Senses] = {}
        self.senses(())

    def senses(self, concepts: tuple[int, ...]) -> Senses:
        """Return the meanings of a term for these concepts, numbered when they are new."""
        if concepts not in self._known:
            against = tuple(self._opposites[c] for c in concepts if self._opposites[c] >= 0)
            self._known[concepts] = len(self)
            self += [
                Meaning(concepts, PLAIN, negated=False),
                Meaning(concepts, INTENSIFIED, negated=False),
                Meaning(against, NEGATED, negated=True),
                Meaning(concepts, WEAKENED, negated=False),
            ]
            self.senses(against)
        return self._known[concepts]

    def turned(self, senses: Senses) -> Senses:
        """Return the meanings of a word whose affix turns it to the opposite side."""
        return self.senses(self[senses + UNDER_NEGATION].concepts)

    def tally(self, texts: Sequence[Sequence[int]]) -> npt.NDArray[np.float64]:
        """Return (texts, concepts): units of hits, whole numbers, given each text's meanings.

        A meaning of fewer concepts than the widest counts for a spare column, which is left out.
        """
        concepts, units = self._table
        width = len(self._opposites) + 1
        found = np.fromiter(chain.from_iterable(texts), dtype=np.intp)
        rows = np.repeat(np.arange(len(texts)), list(map(len, texts)))
        cells = concepts[found] + width * rows[:, None]
        weights = np.repeat(units[found], concepts.shape[1])
        counts = np.bincount(cells.ravel(), weights, width * len(texts))
        return counts.astype(np.float64).reshape(len(texts), width)[:, :-1]

    @cached_property
    def _table(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """The concepts of each meaning and its units, once all lexicons have numbered theirs."""
        spare = len(self._opposites)
        concepts = zip_longest(*(meaning.concepts for meaning in self), fillvalue=spare)
        return np.array(list(concepts)).T, np.array([float(meaning.units) for meaning in self])
