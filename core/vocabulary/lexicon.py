"""The words of one language."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from contract.vocabulary import Language
from core.text import BREAKS, fold, tokens
from core.vocabulary.base import UNIQUE, ConceptId, File, Known, Text, fault

WORD = r"[^\s*|~]+\*?"
PLACE = rf"(?:{WORD}(?:\|{WORD})*|~)"
TERM = rf"{PLACE}(?: {PLACE})*"
MINIMUM_STEM = 3
_TERM = re.compile(TERM)
_LETTER = "[A-Za-zÀ-ÖØ-öø-ÿ]"
_PLAIN_WORD = rf"(?:{_LETTER}+|{_LETTER}{{{MINIMUM_STEM},}}\*)"
_PLAIN = re.compile(rf"{_PLAIN_WORD}(?: {_PLAIN_WORD})*")
"""Nearly all terms; these need no further check."""


def _single_words(words: tuple[str, ...]) -> tuple[str, ...]:
    """Check words that are compared with the tokens of a text as they are."""
    for position, word in enumerate(words):
        folded = fold(word)
        if tokens(folded) != [folded] or folded in BREAKS:
            raise fault(f"'{word}' is not a single word", position)
    return words


def _matchable(terms: tuple[str, ...]) -> tuple[str, ...]:
    for position, term in enumerate(terms):
        if not _PLAIN.fullmatch(term) and (reason := _unmatchable(term)):
            raise fault(reason, position)
    return terms


def _unmatchable(term: str) -> str | None:
    """Return why a term could never be found in a text, or nothing."""
    if not _TERM.fullmatch(term):
        return f"'{term}' does not have the form {TERM}"
    if term.startswith("~") or term.endswith("~"):
        return f"'{term}' begins or ends with a gap"
    faults = (_fault(word, alone="|" not in p) for p in term.split() for word in p.split("|"))
    return next((f"'{term}': {found}" for found in faults if found), None)


def _fault(word: str, *, alone: bool) -> str | None:
    """Return what is wrong with one word of a term; `alone` when it is no choice among others."""
    if word == "~":
        return None
    stem = word.removesuffix("*")
    pieces = tokens(fold(stem))
    if BREAKS.issuperset(pieces):
        return f"'{word}' holds no letter or digit"
    if stem != word and len(pieces[-1]) < MINIMUM_STEM:
        return f"a stem is shorter than {MINIMUM_STEM} letters"
    return None if alone or len(pieces) == 1 else f"'{word}' in a choice is not a single word"


Words = Annotated[tuple[Text, ...], UNIQUE, AfterValidator(_single_words)]
Terms = Annotated[tuple[Text, ...], UNIQUE, AfterValidator(_matchable)]


class LexiconSource(File):
    """`lexicon.*.json`: words as written (accents and capitals kept), terms by concept."""

    schema_: Literal["kaldra.lexicon/1"] = Field(alias="schema")
    language: Language
    function_words: Words
    negators: Words
    intensifiers: Words
    contrasts: Words
    persons: Words
    neutral_phrases: Terms
    terms: dict[ConceptId, Annotated[Terms, Field(min_length=1)]]

    @field_validator("language")
    @classmethod
    def _of_this_file(cls, language: Language, info: ValidationInfo[Known]) -> Language:
        if language != info.context["language"]:
            raise fault(f"'{language}' must be '{info.context['language']}'")
        return language

    @field_validator("terms")
    @classmethod
    def _every_concept(
        cls, terms: dict[str, tuple[str, ...]], info: ValidationInfo[Known]
    ) -> dict[str, tuple[str, ...]]:
        missing = sorted(info.context["concepts"] - terms.keys())
        if missing:
            raise fault(f"the concept '{missing[0]}' has no terms")
        return terms
