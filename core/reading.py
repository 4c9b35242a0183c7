"""From text to counts: language, hits, surface measures."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import Literal

from contract.signal import Language
from core.hits import Hits
from core.model import Model
from core.quotes import without_others_insults
from core.text import BREAKS, fold, mended, normalise, shouted_words, token_spans, tokens

UNDETERMINED: Language = "und"
DETECTION_WORDS = 200
"""The language shows itself within so many words."""

TERMS_KEPT = 5
"""The explanation sentence names so many terms."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One text after the single pass over its words."""

    text: str
    normalised: str
    language: Language
    words: int
    hits: Hits
    terms: list[str]
    matched: int
    exclamations: int
    shouted: int

    def tokens(self) -> list[str]:
        """Return the words and breaks again: thousands in a long text, so a batch keeps none."""
        return tokens(fold(self.normalised))

    def spans(self) -> Iterator[tuple[str, int, int, int]]:
        """Yield the hits as they stand in the text: words, start, end, number of the meaning."""
        places = token_spans(self.text)
        for first, last, meaning in self.hits:
            start, end = places[first][0], places[last][1]
            yield self.text[start:end], start, end, meaning


def read(model: Model, text: str, language: Literal["auto", "en", "pt"]) -> Reading:
    """Find the hits of one text in the language asked for, or in the one it shows itself to be."""
    text = mended(text)
    normalised = normalise(text)
    folded = fold(normalised)
    found = tokens(folded)
    words = len(found) - sum(map(folded.count, BREAKS))
    spoken: Language
    if language == "auto":
        spoken, hits = _detect(model, found)
    else:
        spoken, hits = language, model.lexicons[language].scan(found)
    hits = without_others_insults(model, normalised, hits)
    return Reading(
        text=text,
        normalised=normalised,
        language=spoken,
        words=words,
        hits=hits,
        terms=_first_terms(found, hits),
        matched=_matched(found, hits),
        exclamations=normalised.count("!"),
        shouted=shouted_words(normalised),
    )


def _matched(found: list[str], hits: Hits) -> int:
    """Return how many words the hits cover; a break within one ("tl;dr") is no word."""
    more = sum(hits.last) - sum(hits.first)
    if more:
        more -= sum(
            sum(map(BREAKS.__contains__, found[first:last]))
            for first, last in zip(hits.first, hits.last, strict=True)
            if first < last
        )
    return len(hits) + more


def _detect(model: Model, found: list[str]) -> tuple[Language, Hits]:
    """Choose by function words, then by hits; a text without either is undetermined."""
    english, portuguese = model.lexicons["en"], model.lexicons["pt"]
    sample = found[:DETECTION_WORDS]
    votes = sum(map(model.votes.get, sample, repeat(0)))
    if votes:
        chosen = english if votes > 0 else portuguese
        return chosen.language, chosen.scan(found)
    en_hits, pt_hits = english.scan(found), portuguese.scan(found)
    if not (en_hits or pt_hits) and model.votes.keys().isdisjoint(sample):
        return UNDETERMINED, Hits()
    if len(pt_hits) > len(en_hits):
        return portuguese.language, pt_hits
    return english.language, en_hits


def _first_terms(found: list[str], hits: Hits) -> list[str]:
    """Return the first few distinct terms, as folded words."""
    terms: list[str] = []
    for first, last in zip(hits.first, hits.last, strict=True):
        term = " ".join(found[first : last + 1])
        if term not in terms:
            terms.append(term)
        if len(terms) == TERMS_KEPT:
            break
    return terms
