"""A compiled lexicon and the single pass over a text that finds its terms.

A term is a word, a stem (`grow*`) or a phrase of both. In a phrase `a|b` stands for either word,
and `~` for up to three words of the same clause. Where several terms fit, the longest phrase wins,
then the exact word, then the longest stem; a word that fits none may be a form of one that does, or
turn its side by an affix (`core/morphology.py`).

A negation up to `NEGATION_REACH` words before a term (within the same clause) turns it into half a
hit of the opposite concept; an intensifier directly before it makes it one and a half. A contrast
("but") halves what its sentence said before. A mild insult beside a person is an insult.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from operator import itemgetter
from typing import NamedTuple, TypeVar

from core.hits import (
    AS_IT_STANDS,
    UNDER_NEGATION,
    WITH_INTENSIFIER,
    Hits,
    Meanings,
    Senses,
    weaker,
)
from core.morphology import plain_forms, turned_by_ending, turned_by_prefix
from core.text import BREAKS, fold, tokens
from core.vocabulary import LexiconSource

NEGATION_REACH = 5
GAP, CHOICE = "~", "|"
GAP_WORDS = 3
PERSON_BEFORE, PERSON_AFTER = 4, 2
"""How many words before and after a mild insult a person may stand."""

SENTENCE_ENDS = frozenset(".!?")
LONGEST_SENTENCE = 60

_K = TypeVar("_K")
_V = TypeVar("_V")

_MEMO_LIMIT = 50_000
_LONGEST_KEPT = 64
"""Characters of a token that a memo keeps: what is longer is no word, and would fill the memory."""

_SHORTEST_STEM = 3

MILD_INSULT, INSULT = "toxic_mild", "toxic_insult"


@dataclass(slots=True, eq=False)
class _Trie:
    """A step of the term tree: what may follow, and the senses of a term that ends here."""

    exact: dict[str, _Trie] = field(default_factory=dict)
    stems: dict[str, _Trie] = field(default_factory=dict)
    longest_stem: int = 0
    gap: _Trie | None = None
    also: list[_Trie] = field(default_factory=list)
    senses: Senses | None = None

    def leads_on(self) -> bool:
        """Tell whether a term goes on from here."""
        return bool(self.exact or self.stems or self.gap)


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
    contrasts: bool


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
        self._contrasts = frozenset(_folded(source.contrasts))
        self._persons = frozenset(_folded(source.persons))
        self._meanings = meanings
        self._aimed: dict[Senses, Senses] = {}
        self._mild, self._insult = index.get(MILD_INSULT, -1), index.get(INSULT, -1)
        self._root = _Trie()
        for term, concepts in _terms(source, index).items():
            self._add(term, self._senses(concepts))
        self._openings: dict[tuple[_Trie, ...], _Openings] = {}
        self._words = _Memo(self._resolve, str)
        self._steps: _Memo[tuple[tuple[_Trie, ...], str], _Step] = _Memo(
            lambda key: _step(*key), itemgetter(1)
        )

    def scan(self, found: list[str]) -> Hits:
        """Return the hits in a token list."""
        hits = Hits()
        firsts, lasts, meanings = hits.first, hits.last, hits.meaning
        aimed = self._aimed
        last = negated = intensified = -1
        for position, word, after in self._candidates(found):
            if position <= last:
                continue
            alone, following, openings, senses, starts, negates, intensifies, contrasts = word
            last = position
            if starts and (not alone or _leads(after, following, openings)):
                last, senses = self._phrase(starts, found, position, senses)
            if senses:
                if senses in aimed and self._at_person(found, position, last):
                    senses = aimed[senses]
                firsts.append(position)
                lasts.append(last)
                meanings.append(senses[_place(position, negated, intensified)])
            if last == position:
                if negates:
                    negated = _reach(found, position)
                if intensifies:
                    intensified = position + 1
                if contrasts:
                    negated = -1
                    _weaken(hits, _sentence_start(found, position))
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

    def _senses(self, concepts: tuple[int, ...]) -> Senses:
        """Number the meanings of a term; a mild insult gets those of an insult beside them."""
        senses = self._meanings.senses(concepts)
        if self._mild in concepts:
            strong = (self._insult if c == self._mild else c for c in concepts)
            self._aimed[senses] = self._meanings.senses(tuple(dict.fromkeys(strong)))
        return senses

    def _at_person(self, found: list[str], first: int, last: int) -> bool:
        """Tell whether a person stands beside a mild insult in its clause, or nothing does."""
        before = found[max(0, first - PERSON_BEFORE) : first]
        after = found[last + 1 : last + 1 + PERSON_AFTER]
        for tokens_beside in (reversed(before), after):
            for token in tokens_beside:
                if token in BREAKS:
                    break
                if token.partition("'")[0] in self._persons:
                    return True
        return all(not beside or beside in BREAKS for beside in (*before[-1:], *after[:1]))

    def _add(self, places: tuple[str, ...], senses: Senses) -> None:
        """Add a term. A phrase with choices or gaps gets nodes of its own after its first word."""
        if not any(GAP in place or CHOICE in place for place in places):
            node = self._root
            for word in places:
                node = _child(node, word)
            node.senses = senses
            return
        first, *rest = places
        heads, last = [_Trie()], _Trie()
        for word in first.split(CHOICE):
            _child(self._root, word).also.append(heads[0])
        for place in rest:
            if place == GAP:
                heads = _gaps(heads[0])
                continue
            last = _Trie()
            for head in heads:
                for word in place.split(CHOICE):
                    _child(head, word, last)
            heads = [last]
        last.senses = senses

    def _derived(self, token: str, senses: Senses | None) -> Senses | None:
        """Return the senses of a word that is a form of a known one, or turns its side.

        `senses` are those of a stem that fits; an ending that turns outweighs a stem before it.
        """
        if not (token.isascii() and token.isalpha()):
            return senses
        base = turned_by_ending(token, self.language)
        if base and token not in self._root.exact and self._stem_length(token) <= len(base):
            inner = self._known(base)
            return None if inner is None else self._meanings.turned(inner)
        if senses is not None:
            return senses
        listed = self._listed(token)
        if listed is not None:
            return listed
        base = turned_by_prefix(token, self.language)
        inner = self._known(base) if base else None
        return None if inner is None else self._meanings.turned(inner)

    def _known(self, base: str) -> Senses | None:
        """Return the senses of a word that is listed, fits a stem, or is a form of a listed one."""
        senses, _ = _step((self._root,), base)
        return self._listed(base) if senses is None else senses

    def _listed(self, form: str) -> Senses | None:
        """Return the senses of the listed word that `form` is an inflected form of."""
        exact = self._root.exact
        bases = (base for base in plain_forms(form, self.language) if base in exact)
        return next((exact[b].senses for b in bases if exact[b].senses is not None), None)

    def _stem_length(self, token: str) -> int:
        """Return the length of the longest stem that says something of `token`."""
        stems = self._root.stems
        lengths = range(min(len(token), self._root.longest_stem), _SHORTEST_STEM - 1, -1)
        fitting = (n for n in lengths if token[:n] in stems)
        return next((n for n in fitting if stems[token[:n]].senses is not None), 0)

    def _resolve(self, token: str) -> _Word | None:
        senses, starts = _step((self._root,), token)
        negates, intensifies = token in self._negators, token in self._intensifiers
        contrasts = token in self._contrasts
        if not (negates or intensifies or contrasts):
            senses = self._derived(token, senses)
        if senses is None and not (starts or negates or intensifies or contrasts):
            return None
        following, openings = self._after(starts)
        return _Word(
            alone=bool(senses) or negates or intensifies or contrasts,
            following=following,
            openings=openings,
            senses=senses,
            starts=starts,
            negates=negates,
            intensifies=intensifies,
            contrasts=contrasts,
        )

    def _after(self, starts: tuple[_Trie, ...]) -> _Openings:
        """Return how phrases go on from `starts`: one answer, however many words lead there."""
        if starts not in self._openings:
            following = frozenset(piece for start in starts for piece in start.exact)
            stems = tuple(stem for start in starts for stem in start.stems)
            if any(start.gap for start in starts):
                stems = ("",)
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
    """Return a term's places: tokens, choices of them, gaps. A stem keeps its asterisk."""
    pieces: list[str] = []
    for place in term.split():
        if place == GAP:
            pieces.append(GAP)
        elif CHOICE in place:
            pieces.append(CHOICE.join(_words_of(word)[0] for word in place.split(CHOICE)))
        else:
            pieces += _words_of(place)
    return tuple(pieces)


def _words_of(word: str) -> list[str]:
    """Return the tokens of one written word; the last one of a stem keeps its asterisk."""
    stem = fold(word.removesuffix("*"))
    ending = "*" if word.endswith("*") else ""
    if stem.isalnum():  # nearly all are: one token, found without a search
        return [stem + ending]
    *head, tail = tokens(stem)
    return [*head, tail + ending]


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
    if node.gap and token not in BREAKS:
        yield node.gap


def _place(position: int, negated: int, intensified: int) -> int:
    """Return the place in `Senses` of a hit, given how far a negation and an intensifier reach."""
    if position <= negated:
        return UNDER_NEGATION
    return WITH_INTENSIFIER if position == intensified else AS_IT_STANDS


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
    onward = (node for child in reached for node in (child, *child.also))
    return senses, tuple(node for node in onward if node.leads_on())


def _child(node: _Trie, word: str, new: _Trie | None = None) -> _Trie:
    """Return where a word or a stem leads from `node`: `new` if nothing was there."""
    stem = word.removesuffix("*")
    if stem == word:
        return node.exact.setdefault(word, new or _Trie())
    node.longest_stem = max(node.longest_stem, len(stem))
    return node.stems.setdefault(stem, new or _Trie())


def _gaps(node: _Trie) -> list[_Trie]:
    """Return `node` and those that one, two or three words of any kind lead to."""
    reached = [node]
    for _ in range(GAP_WORDS):
        last = reached[-1]
        last.gap = last.gap or _Trie()
        reached.append(last.gap)
    return reached


def _sentence_start(found: list[str], position: int) -> int:
    """Return where the sentence of a token begins, at most 60 tokens before it."""
    earliest = max(0, position - LONGEST_SENTENCE)
    while position > earliest and found[position - 1] not in SENTENCE_ENDS:
        position -= 1
    return position


def _weaken(hits: Hits, start: int) -> None:
    """Halve the hits from `start` on."""
    for place in range(len(hits) - 1, -1, -1):
        if hits.first[place] < start:
            break
        hits.meaning[place] = weaker(hits.meaning[place])


def _folded(words: Iterable[str]) -> Iterable[str]:
    return (fold(word) for word in words)
