"""A compiled lexicon and the single pass over a text that finds its terms.

Where several terms (`core/term_tree.py`) fit, the longest phrase wins, then the exact word, then
the longest stem; a word that fits none may be a form of one that does, or turn its side by an affix
(`core/morphology.py`).

A negation up to `NEGATION_REACH` words before a term (within the same clause) turns it into half a
hit of the opposite concept; an intensifier directly before it makes it one and a half. A contrast
("but") halves what its sentence said before. A mild insult beside a person is an insult.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from itertools import count
from operator import itemgetter
from typing import NamedTuple, TypeVar

from core.hits import AS_IT_STANDS, UNDER_NEGATION, WITH_INTENSIFIER, Hits, Meanings, Senses, weaker
from core.morphology import plain_forms, turned_by_ending, turned_by_prefix
from core.term_tree import Node, Step, step, terms
from core.text import BREAKS, fold
from core.vocabulary.lexicon import LexiconSource

NEGATION_REACH = 5
PERSON_BEFORE, PERSON_AFTER = 4, 2
"""How many words before and after a mild insult a person may stand."""

SENTENCE_ENDS = frozenset(".!?")
LONGEST_SENTENCE = 60

_K = TypeVar("_K")
_V = TypeVar("_V")

_MEMO_LIMIT = 50_000
_LONGEST_KEPT = 64
"""Characters of a token that a memo keeps: what is longer is no word, and would fill the memory."""

MILD_INSULT, INSULT = "toxic_mild", "toxic_insult"


_Openings = tuple[frozenset[str], tuple[str, ...]]
"""The exact words and the stems that a phrase goes on with."""


class _Word(NamedTuple):
    """What a single word can mean: a term, the start of phrases, a negation, an intensifier."""

    alone: bool
    following: frozenset[str]
    openings: tuple[str, ...]
    senses: Senses | None
    starts: tuple[Node, ...]
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
        self._negators = frozenset(map(fold, source.negators))
        self._intensifiers = frozenset(map(fold, source.intensifiers))
        self._contrasts = frozenset(map(fold, source.contrasts))
        self._persons = frozenset(map(fold, source.persons))
        self._meanings = meanings
        self._aimed: dict[Senses, Senses] = {}
        self._mild, self._insult = index.get(MILD_INSULT, -1), index.get(INSULT, -1)
        self._root = Node()
        for term, concepts in terms(source, index).items():
            self._root.add(term, self._senses(concepts))
        self._openings: dict[tuple[Node, ...], _Openings] = {}
        self._words = _Memo(self._resolve, str)
        self._steps: _Memo[tuple[tuple[Node, ...], str], Step] = _Memo(
            lambda key: step(*key), itemgetter(1)
        )

    def scan(self, found: list[str]) -> Hits:
        """Return the hits in a token list."""
        hits = Hits()
        firsts, lasts, meanings = hits.first, hits.last, hits.meaning
        aimed = self._aimed
        contrasted: list[int] = []
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
                meanings.append(senses + _place(position, negated, intensified))
            if last == position:
                if negates:
                    negated = _reach(found, position)
                if intensifies:
                    intensified = position + 1
                if contrasts:
                    negated = -1
                    contrasted.append(position)
        _weaken(hits, contrasted, found)
        return hits

    def new_words(self, found: list[str]) -> int:
        """Return how many of the tokens are no word it has met: each takes long to resolve."""
        return len(found) - sum(map(self._words.__contains__, found))

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
        self, nodes: tuple[Node, ...], found: list[str], position: int, senses: Senses | None
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

    def _derived(self, token: str, senses: Senses | None) -> Senses | None:
        """Return the senses of a word that is a form of a known one, or turns its side.

        `senses` are those of a stem that fits; an ending that turns outweighs a stem before it.
        """
        if not (token.isascii() and token.isalpha()):
            return senses
        base = turned_by_ending(token, self.language)
        if not base or token in self._root.exact or self._stem_beyond(base, token):
            listed = self._listed(token) if senses is None else senses
            if listed is not None:
                return listed
            base = turned_by_prefix(token, self.language)
            if not base:
                return None
        inner, _ = step((self._root,), base)
        inner = self._listed(base) if inner is None else inner
        return None if inner is None else self._meanings.turned(inner)

    def _stem_beyond(self, base: str, token: str) -> bool:
        """Tell whether a stem longer than `base` says something of a token."""
        stems = self._root.stems
        longer = (stems.get(token[:end]) for end in range(len(base) + 1, len(token) + 1))
        return any(node and node.senses is not None for node in longer)

    def _listed(self, form: str) -> Senses | None:
        """Return the senses of the listed word that `form` is an inflected form of."""
        for base in plain_forms(form, self.language):
            node = self._root.exact.get(base)
            if node and node.senses is not None:
                return node.senses
        return None

    def _resolve(self, token: str) -> _Word | None:
        senses, starts = step((self._root,), token)
        negates, intensifies = token in self._negators, token in self._intensifiers
        contrasts = token in self._contrasts
        if not (negates or intensifies or contrasts):
            senses = self._derived(token, senses)
        if senses is None and not (starts or negates or intensifies or contrasts):
            return None
        following, openings = self._after(starts)
        alone = bool(senses) or negates or intensifies or contrasts
        return _Word(alone, following, openings, senses, starts, negates, intensifies, contrasts)

    def _after(self, starts: tuple[Node, ...]) -> _Openings:
        """Return how phrases go on from `starts`: one answer, however many words lead there."""
        if starts not in self._openings:
            following = frozenset(piece for start in starts for piece in start.exact)
            stems = tuple(stem for start in starts for stem in start.stems)
            if any(start.gap for start in starts):
                stems = ("",)
            self._openings[starts] = (following, stems)
        return self._openings[starts]


def _place(position: int, negated: int, intensified: int) -> int:
    """Return which meaning a hit has, given how far a negation and an intensifier reach."""
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


def _weaken(hits: Hits, contrasts: list[int], found: list[str]) -> None:
    """Halve what a sentence says before each contrast, in at most 60 tokens.

    Two contrasts halve a hit as far as any number does, so that none looks back beyond the last but
    one: many take no longer than few.
    """
    for last_but_one, contrast in zip((-1, -1, *contrasts), contrasts, strict=False):
        start = max(last_but_one + 1, contrast - LONGEST_SENTENCE)
        places = range(contrast, start, -1)
        start = next((place for place in places if found[place - 1] in SENTENCE_ENDS), start)
        for hit in range(bisect_left(hits.first, start), bisect_right(hits.first, contrast)):
            hits.meaning[hit] = weaker(hits.meaning[hit])
