"""A compiled lexicon and the single pass over a text that finds its terms.

A term is a word, a stem (`grow*`) or a phrase of both. Where several fit, the longest phrase wins,
then the exact word, then the longest stem. A negation up to `NEGATION_REACH` words before a term
(within the same clause) turns it into half a hit of the opposite concept; an intensifier directly
before it makes it one and a half.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

from core.text import BREAKS, fold, tokens
from core.vocabulary import LexiconSource

NEGATION_REACH = 3
PLAIN, INTENSIFIED, NEGATED = 2, 3, 1
"""Units of a hit; two units are one hit, so that all counts stay whole numbers."""

_new = tuple.__new__

_MEMO_LIMIT = 50_000
_SHORTEST_STEM = 3


@dataclass(slots=True)
class _Trie:
    """A step of the term tree: what may follow, and the concepts of a term that ends here."""

    exact: dict[str, _Trie] = field(default_factory=dict)
    stems: dict[str, _Trie] = field(default_factory=dict)
    concepts: tuple[int, ...] | None = None


class _Word(NamedTuple):
    """What a single word can mean: a term, the start of phrases, a negation, an intensifier."""

    alone: bool
    following: frozenset[str]
    openings: tuple[str, ...]
    concepts: tuple[int, ...] | None
    starts: tuple[_Trie, ...]
    negates: bool
    intensifies: bool


class Hit(NamedTuple):
    """A term found: its tokens [first, last], its concepts, its units, whether it was negated."""

    first: int
    last: int
    concepts: tuple[int, ...]
    units: int
    negated: bool


class _Memo(dict[str, "_Word | None"]):
    """What the tokens met so far can mean; a new one is resolved when it is asked for."""

    def __init__(self, resolve: Callable[[str], _Word | None]) -> None:
        super().__init__()
        self._resolve = resolve

    def __missing__(self, token: str) -> _Word | None:
        if len(self) >= _MEMO_LIMIT:
            self.clear()
        word = self[token] = self._resolve(token)
        return word


class Lexicon:
    """The terms of one language, ready to be looked up."""

    def __init__(self, source: LexiconSource, index: Mapping[str, int]) -> None:
        self.language = source.language
        self.function_words = frozenset(_folded(source.function_words))
        self._negators = frozenset(_folded(source.negators))
        self._intensifiers = frozenset(_folded(source.intensifiers))
        self._root = _Trie()
        for concept, terms in source.terms.items():
            for term in terms:
                self._add(term, index[concept])
        for phrase in source.neutral_phrases:
            self._add(phrase, None)
        self._memo = _Memo(self._resolve)

    def scan(self, found: list[str]) -> list[Hit]:
        """Return the hits in a token list, in order, without overlaps."""
        hits: list[Hit] = []
        negator, intensifier, last = -NEGATION_REACH - 1, -2, -1
        for position, word, after in self._candidates(found):
            if position <= last:
                continue
            alone, following, openings, concepts, starts, negates, intensifies = word
            last = position
            if starts and (not alone or _leads(after, following, openings)):
                last, concepts = _phrase(starts, found, position, concepts)
            if concepts:
                units = INTENSIFIED if intensifier == position - 1 else PLAIN
                if position - negator <= NEGATION_REACH and _same_clause(found, negator, position):
                    units = NEGATED
                hits.append(_new(Hit, (position, last, concepts, units, units == NEGATED)))
            if last == position:
                negator = position if negates else negator
                intensifier = position if intensifies else intensifier
        return hits

    def _candidates(self, found: list[str]) -> list[tuple[int, _Word, str]]:
        """Return the words that mean something alone or with the word that follows them.

        The condition is `word.alone or _leads(...)`, written out: it is asked of every word.
        """
        following = found[1:]
        following.append("")
        words = map(self._memo.__getitem__, found)
        return [
            (position, word, after)
            for position, word, after in zip(count(), words, following, strict=False)
            if word
            and (
                word[0]
                or after in word[1]
                or (word[2] and after.startswith(word[2]))
                or "'" in after
            )
        ]

    def _add(self, term: str, concept: int | None) -> None:
        node = self._root
        for word in term.split():
            *head, tail = tokens(fold(word.removesuffix("*")))
            for piece in head:
                node = node.exact.setdefault(piece, _Trie())
            branch = node.stems if word.endswith("*") else node.exact
            node = branch.setdefault(tail, _Trie())
        known = node.concepts or ()
        if concept is None or concept in known:
            node.concepts = known
        else:
            node.concepts = (*known, concept)

    def _resolve(self, token: str) -> _Word | None:
        nodes = list(_children(self._root, token))
        concepts = next((node.concepts for node in nodes if node.concepts is not None), None)
        starts = tuple(node for node in nodes if node.exact or node.stems)
        negates, intensifies = token in self._negators, token in self._intensifiers
        if concepts is None and not (starts or negates or intensifies):
            return None
        return _Word(
            alone=bool(concepts) or negates or intensifies,
            following=frozenset(piece for start in starts for piece in start.exact),
            openings=tuple(stem for start in starts for stem in start.stems),
            concepts=concepts,
            starts=starts,
            negates=negates,
            intensifies=intensifies,
        )


def _children(node: _Trie, token: str) -> Iterable[_Trie]:
    """Yield the steps a token can take: the exact word, its form without 's, ever shorter stems."""
    exact = node.exact.get(token)
    if exact is not None:
        yield exact
    if "'" in token:
        bare = token.partition("'")[0]
        exact = node.exact.get(bare)
        if exact is not None:
            yield exact
    stems = node.stems
    if stems:
        for length in range(len(token), _SHORTEST_STEM - 1, -1):
            if token[:length] in stems:
                yield stems[token[:length]]


def _leads(after: str, following: frozenset[str], openings: tuple[str, ...]) -> bool:
    """Tell whether a phrase may go on with the word `after`."""
    return after in following or after.startswith(openings) or "'" in after


def _same_clause(found: list[str], negator: int, position: int) -> bool:
    return BREAKS.isdisjoint(found[negator + 1 : position])


def _phrase(
    starts: tuple[_Trie, ...], found: list[str], position: int, concepts: tuple[int, ...] | None
) -> tuple[int, tuple[int, ...] | None]:
    """Return where the longest phrase from `position` ends, and its concepts."""
    last = position
    for start in starts:
        last, concepts = _longest(start, found, position, last, concepts)
    return last, concepts


def _longest(
    node: _Trie, found: list[str], position: int, last: int, concepts: tuple[int, ...] | None
) -> tuple[int, tuple[int, ...] | None]:
    """Follow the phrases from `node`, which `found[position]` reached; keep the longest."""
    following = position + 1
    if following >= len(found):
        return last, concepts
    for child in _children(node, found[following]):
        if child.concepts is not None and following > last:
            last, concepts = following, child.concepts
        if child.exact or child.stems:
            last, concepts = _longest(child, found, following, last, concepts)
    return last, concepts


def _folded(words: Iterable[str]) -> Iterable[str]:
    return (fold(word) for word in words)
