"""The terms of a lexicon as a tree of the tokens they are made of.

A term is a word, a stem (`grow*`) or a phrase of both. In a phrase `a|b` stands for either word,
and `~` for up to three words of the same clause.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy

from core.hits import Senses
from core.text import BREAKS, fold, tokens
from core.vocabulary.lexicon import LexiconSource

GAP, CHOICE = "~", "|"
GAP_WORDS = 3
SHORTEST_STEM = 3

_LEAF: dict[str, "Node"] = {}
"""The children of every node that has none, so that a leaf costs no dictionary; never written."""


class Node:
    """A step of the tree: what may follow, and the senses of a term that ends here."""

    __slots__ = ("also", "exact", "gap", "longest_stem", "senses", "stems")

    def __init__(self) -> None:
        self.exact = _LEAF
        self.stems = _LEAF
        self.longest_stem = 0
        self.gap: Node | None = None
        self.also: tuple[Node, ...] = ()
        self.senses: Senses | None = None

    def add(self, places: Sequence[str], senses: Senses) -> None:
        """Add a term. A phrase with choices or gaps gets nodes of its own after its first word."""
        if any(GAP in place or CHOICE in place for place in places):
            rest = _rest(places[1:], senses)
            for word in places[0].split(CHOICE):
                self.child(word).also += (rest,)
            return
        node = self
        for word in places:
            node = node.child(word)
        node.senses = senses

    def child(self, word: str, new: "Node | None" = None) -> "Node":
        """Return where a word or a stem leads: `new` if nothing was there."""
        if not word.endswith("*"):
            if self.exact is _LEAF:
                self.exact = {}
            return self.exact.setdefault(word, new or Node())
        if self.stems is _LEAF:
            self.stems = {}
        stem = word[:-1]
        self.longest_stem = max(self.longest_stem, len(stem))
        return self.stems.setdefault(stem, new or Node())

    def children(self, token: str) -> Iterator["Node"]:
        """Yield where a token leads: by the word, by it without 's, by ever shorter stems."""
        exact = self.exact.get(token)
        if exact is not None:
            yield exact
        if "'" in token:
            exact = self.exact.get(token.partition("'")[0])
            if exact is not None:
                yield exact
        stems = self.stems
        if stems:
            for length in range(min(len(token), self.longest_stem), SHORTEST_STEM - 1, -1):
                if token[:length] in stems:
                    yield stems[token[:length]]
        if self.gap and token not in BREAKS:
            yield self.gap


Step = tuple[Senses | None, tuple[Node, ...]]
"""Where a token leads: the senses of a term that ends there, and the nodes that go on."""


def step(nodes: tuple[Node, ...], token: str) -> Step:
    """Take a step from all nodes at once; the first of them that ends a term says what it means."""
    reached = [child for node in nodes for child in node.children(token)]
    if not reached:
        return None, ()
    senses = next((node.senses for node in reached if node.senses is not None), None)
    onward = (node for child in reached for node in (child, *child.also))
    return senses, tuple(node for node in onward if node.exact or node.stems or node.gap)


def terms(
    source: LexiconSource, index: Mapping[str, int]
) -> dict[tuple[str, ...], tuple[int, ...]]:
    """Return the concepts of each term, as the tokens it is made of; none for a neutral phrase."""
    found: dict[tuple[str, ...], tuple[int, ...]] = {}
    for concept, listed in source.terms.items():
        number = index[concept]
        for pieces in _all_pieces(listed):
            known = found.get(pieces, ())
            if number not in known:
                found[pieces] = (*known, number)
    for pieces in _all_pieces(source.neutral_phrases):
        found.setdefault(pieces, ())
    return found


def _all_pieces(listed: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield the places of each term. Nearly all terms are one token, found without a search."""
    for term in fold("\n".join(listed)).split("\n"):
        yield (term,) if term.removesuffix("*").isalnum() else _pieces(term)


def _pieces(term: str) -> tuple[str, ...]:
    """Return a folded term's places: tokens, choices of them, gaps. A stem keeps its asterisk."""
    pieces: list[str] = []
    for place in term.split():
        if CHOICE in place:
            pieces.append(CHOICE.join(_words_of(word)[0] for word in place.split(CHOICE)))
        else:
            pieces += _words_of(place)
    return tuple(pieces)


def _words_of(word: str) -> list[str]:
    """Return the tokens of one folded word; the last one of a stem keeps its asterisk."""
    stem = word.removesuffix("*")
    if stem.isalnum() or word == GAP:
        return [word]
    *head, tail = tokens(stem)
    return [*head, tail + word[len(stem) :]]


def _rest(places: Sequence[str], senses: Senses) -> Node:
    """Return the node from which `places` lead to the end of a term."""
    node = Node()
    if not places:
        node.senses = senses
        return node
    after = _rest(places[1:], senses)
    if places[0] != GAP:
        for word in places[0].split(CHOICE):
            node.child(word, after)
        return node
    for _ in range(GAP_WORDS):  # what follows a gap may follow each of its words
        node = copy(after)
        node.gap = after
        after = node
    return node
