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
from operator import itemgetter
from typing import NamedTuple, TypeVar

from core.hits import AS_IT_STANDS, UNDER_NEGATION, WITH_INTENSIFIER, Hits, Meanings, Senses
from core.text import BREAKS, fold, tokens
from core.vocabulary import LexiconSource

NEGATION_REACH = 3

_K = TypeVar("_K")
_V = TypeVar("_V")

_MEMO_LIMIT = 50_000
_LONGEST_KEPT = 64
"""Characters of a token that a memo keeps: what is longer is no word, and would fill the memory."""

_SHORTEST_STEM = 3


@dataclass(slots=True, eq=False)
class _Trie:
    """A step of the term tree: what may follow, and the senses of a term that ends here."""

    exact: dict[str, _Trie] = field(default_factory=dict)
    stems: dict[str, _Trie] = field(default_factory=dict)
    longest_stem: int = 0
    senses: Senses | None = None


_Step = tuple[Senses | None, tuple[_Trie, ...]]
"""Where a token leads: the senses of a term that ends there, and the nodes that go on."""


_Openings = tuple[frozenset[str], tuple[str, ...]]
"""The exact words and the stems that a phrase goes on with."""


class _Word(NamedTuple):
    """What a single word can mean: a term, the start of phrases, a negation, an intensifier."""

    alone: bool
    following: frozenset[str]
    openings: tuple[str, ...]
    senses: Senses | None
    starts: tuple[_Trie, ...]
    negates: bool
    intensifies: bool


class _Memo(dict[_K, _V]):
    """The answers given so far; a new one is worked out when it is asked for.

    `token_of` gives the token in a key; no more than `_MEMO_LIMIT` keys of short tokens are kept.
    """

    def __init__(self, resolve: Callable[[_K], _V], token_of: Callable[[_K], str]) -> None:
        super().__init__()
        self._resolve = resolve
        self._token_of = token_of

    def __missing__(self, key: _K) -> _V:
        value = self._resolve(key)
        if len(self._token_of(key)) <= _LONGEST_KEPT:
            if len(self) >= _MEMO_LIMIT:
                self.clear()
            self[key] = value
        return value


class Lexicon:
    """The terms of one language, ready to be looked up.

    `index` gives each concept its number; what the terms mean is added to `meanings`.
    """

    def __init__(self, source: LexiconSource, index: Mapping[str, int], meanings: Meanings) -> None:
        self.language = source.language
        self._negators = frozenset(_folded(source.negators))
        self._intensifiers = frozenset(_folded(source.intensifiers))
        self._root = _Trie()
        for term, concepts in _terms(source, index).items():
            self._add(term, meanings.senses(concepts))
        self._openings: dict[tuple[_Trie, ...], _Openings] = {}
        self._words = _Memo(self._resolve, str)
        self._steps: _Memo[tuple[tuple[_Trie, ...], str], _Step] = _Memo(
            lambda key: _step(*key), itemgetter(1)
        )

    def scan(self, found: list[str]) -> Hits:
        """Return the hits in a token list."""
        hits = Hits()
        firsts, lasts, meanings = hits.first, hits.last, hits.meaning
        last = negated = intensified = -1
        for position, word, after in self._candidates(found):
            if position <= last:
                continue
            alone, following, openings, senses, starts, negates, intensifies = word
            last = position
            if starts and (not alone or _leads(after, following, openings)):
                last, senses = self._phrase(starts, found, position, senses)
            if senses:
                firsts.append(position)
                lasts.append(last)
                if position <= negated:
                    meanings.append(senses[UNDER_NEGATION])
                else:
                    emphasis = WITH_INTENSIFIER if position == intensified else AS_IT_STANDS
                    meanings.append(senses[emphasis])
            if last == position:
                if negates:
                    negated = _reach(found, position)
                if intensifies:
                    intensified = position + 1
        return hits

    def _candidates(self, found: list[str]) -> list[tuple[int, _Word, str]]:
        """Return the words that mean something alone or with the word that follows them.

        The condition is `word.alone or _leads(...)`, written out: it is asked of every word.
        """
        following = found[1:]
        following.append("")
        words = map(self._words.__getitem__, found)
        return [
            (position, word, after)
            for position, word, after in zip(count(), words, following, strict=False)
            if word
            and (
                word.alone
                or after in word.following
                or (word.openings and after.startswith(word.openings))
                or "'" in after
            )
        ]

    def _phrase(
        self, nodes: tuple[_Trie, ...], found: list[str], position: int, senses: Senses | None
    ) -> tuple[int, Senses | None]:
        """Return where the longest phrase from `position` ends, and its senses."""
        last = position
        for following in range(position + 1, len(found)):
            ended, nodes = self._steps[nodes, found[following]]
            if ended is not None:
                last, senses = following, ended
            if not nodes:
                break
        return last, senses

    def _add(self, words: tuple[str, ...], senses: Senses) -> None:
        node = self._root
        for word in words:
            stem = word.removesuffix("*")
            if stem == word:
                node = node.exact.setdefault(stem, _Trie())
            else:
                node.longest_stem = max(node.longest_stem, len(stem))
                node = node.stems.setdefault(stem, _Trie())
        node.senses = senses

    def _resolve(self, token: str) -> _Word | None:
        senses, starts = _step((self._root,), token)
        negates, intensifies = token in self._negators, token in self._intensifiers
        if senses is None and not (starts or negates or intensifies):
            return None
        following, openings = self._after(starts)
        return _Word(
            alone=bool(senses) or negates or intensifies,
            following=following,
            openings=openings,
            senses=senses,
            starts=starts,
            negates=negates,
            intensifies=intensifies,
        )

    def _after(self, starts: tuple[_Trie, ...]) -> _Openings:
        """Return how phrases go on from `starts`: one answer, however many words lead there."""
        if starts not in self._openings:
            following = frozenset(piece for start in starts for piece in start.exact)
            stems = tuple(stem for start in starts for stem in start.stems)
            self._openings[starts] = (following, stems)
        return self._openings[starts]


def _terms(
    source: LexiconSource, index: Mapping[str, int]
) -> dict[tuple[str, ...], tuple[int, ...]]:
    """Return the concepts of each term, as the tokens it is made of; none for a neutral phrase."""
    terms: dict[tuple[str, ...], dict[int, None]] = {}
    for concept, listed in source.terms.items():
        for term in listed:
            terms.setdefault(_pieces(term), {})[index[concept]] = None
    for phrase in source.neutral_phrases:
        terms.setdefault(_pieces(phrase), {})
    return {term: tuple(concepts) for term, concepts in terms.items()}


def _pieces(term: str) -> tuple[str, ...]:
    """Return a term's tokens; the last one of a stem keeps its asterisk."""
    pieces: list[str] = []
    for word in term.split():
        stem = word.removesuffix("*")
        *head, tail = tokens(fold(stem))
        pieces += [*head, tail + word[len(stem) :]]
    return tuple(pieces)


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
        for length in range(min(len(token), node.longest_stem), _SHORTEST_STEM - 1, -1):
            if token[:length] in stems:
                yield stems[token[:length]]


def _leads(after: str, following: frozenset[str], openings: tuple[str, ...]) -> bool:
    """Tell whether a phrase may go on with the word `after`."""
    return after in following or after.startswith(openings) or "'" in after


def _reach(found: list[str], negator: int) -> int:
    """Return the last position that a negation turns: some words on, within its clause."""
    end = negator + NEGATION_REACH
    for position, token in enumerate(found[negator + 1 : end], negator + 1):
        if token in BREAKS:
            return position
    return end


def _step(nodes: tuple[_Trie, ...], token: str) -> _Step:
    """Take a step from all nodes at once; the first of them that ends a term says what it means."""
    reached = [child for node in nodes for child in _children(node, token)]
    senses = next((node.senses for node in reached if node.senses is not None), None)
    return senses, tuple(node for node in reached if node.exact or node.stems)


def _folded(words: Iterable[str]) -> Iterable[str]:
    return (fold(word) for word in words)
