"""From text to counts: language, hits, surface measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.lexicon import Hit, Lexicon
from core.model import Floats, Model
from core.text import BREAKS, fold, normalise, shouted_words, tokens

UNDETERMINED = "und"
DETECTION_WORDS = 200
"""The language shows itself within so many words."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One text after the single pass over its words."""

    text: str
    normalised: str
    language: str
    tokens: list[str]
    words: int
    hits: list[Hit]
    matched: int
    exclamations: int
    shouted: int


def read(model: Model, text: str, language: str) -> Reading:
    """Find the hits of one text in the language asked for, or in the one it shows itself to be."""
    normalised = normalise(text)
    folded = fold(normalised)
    found = tokens(folded)
    words = len(found) - sum(map(folded.count, BREAKS))
    if language == "auto":
        language, hits = _detect(model, found)
    else:
        hits = model.lexicons[language].scan(found)
    return Reading(
        text=text,
        normalised=normalised,
        language=language,
        tokens=found,
        words=words,
        hits=hits,
        matched=sum([hit[1] - hit[0] + 1 for hit in hits]),
        exclamations=normalised.count("!"),
        shouted=shouted_words(normalised),
    )


def _detect(model: Model, found: list[str]) -> tuple[str, list[Hit]]:
    """Choose by function words, then by hits; a text without either is undetermined."""
    english, portuguese = model.lexicons["en"], model.lexicons["pt"]
    sample = found[:DETECTION_WORDS]
    en, pt = _function_words(english, sample), _function_words(portuguese, sample)
    if en != pt:
        chosen = english if en > pt else portuguese
        return chosen.language, chosen.scan(found)
    en_hits, pt_hits = english.scan(found), portuguese.scan(found)
    if not (en or en_hits or pt_hits):
        return UNDETERMINED, []
    if len(pt_hits) > len(en_hits):
        return portuguese.language, pt_hits
    return english.language, en_hits


def _function_words(lexicon: Lexicon, found: list[str]) -> int:
    return sum(map(lexicon.function_words.__contains__, found))


def count(model: Model, readings: Sequence[Reading]) -> Floats:
    """Return (texts, concepts): units of hits, negated ones on the opposite concept."""
    return np.array([_counts(model, reading.hits) for reading in readings], dtype=np.float64)


def _counts(model: Model, hits: list[Hit]) -> list[int]:
    total = [0] * len(model.concepts)
    for _, _, concepts, units, negated in hits:
        for concept in opposed(model, concepts) if negated else concepts:
            total[concept] += units
    return total


def opposed(model: Model, concepts: Sequence[int]) -> list[int]:
    """Return the opposites of concepts, where they have one: what a negated hit counts for."""
    return [model.opposites[c] for c in concepts if model.opposites[c] >= 0]
