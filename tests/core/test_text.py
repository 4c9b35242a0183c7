import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.text import (
    _FOLDED,
    MOST_FOLDED,
    fold,
    normalise,
    paragraphs,
    sentences,
    stream_safe,
    token_spans,
    tokens,
    without_unassigned,
)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Elevação DAS Receitas", "elevacao das receitas"),
        ("don\u2019t", "don't"),
        ("ﬁnance ①", "finance 1"),
        ("STRASSE Straße", "strasse strasse"),
        ("e\u0301", "e"),
    ],
)
def test_fold_removes_case_accents_and_compatibility_forms(text, folded):
    assert fold(text) == folded


def test_folding_remembers_a_bounded_number_of_characters():
    fold("".join(map(chr, range(0xE000, 0xE000 + 2 * MOST_FOLDED))))
    assert len(_FOLDED) <= MOST_FOLDED


def test_tokens_are_words_and_breaks():
    assert tokens(fold("Don't stop, José: full-year!")) == [
        *("don't", "stop", ",", "jose", ":"),
        *("full", "year", "!"),
    ]


def test_normalise_collapses_white_space_and_mends_lone_surrogates():
    assert normalise("  a \n\t b\u00a0c\ud800 ") == "a b c\ufffd"


@given(st.text(st.sampled_from("aǖ \u0301\u0315\u0344\u0f73\uff9e\U0001d165—😀"), min_size=28))
@example("a" + "\u0344" * 40)
@example("ǖ" + "\u0315" * 31)
def test_no_more_than_thirty_marks_stay_together(text):
    safe = stream_safe(text)
    assert safe.replace("\u034f", "") == text
    run = 0
    for character in unicodedata.normalize("NFKD", safe):
        run = run + 1 if unicodedata.combining(character) else 0
        assert run <= 30


def test_a_text_with_few_marks_is_left_alone():
    assert stream_safe("a" + "\u0301" * 30) == "a" + "\u0301" * 30


def test_an_acute_typed_for_an_apostrophe_is_one():
    assert tokens(fold(normalise("don\u00b4t"))) == tokens(fold("don\u00b4t")) == ["don't"]


@given(st.text())
@example("0\u00b40")
def test_folding_before_and_after_normalisation_gives_the_same_words(text):
    mended = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert tokens(fold(normalise(text))) == tokens(fold(mended))


@given(st.text())
def test_spans_point_at_the_tokens_in_the_text_as_given(text):
    spans = token_spans(text)
    found = tokens(fold(text))
    assert len(spans) == len(found)
    for (start, end), token in zip(spans, found, strict=True):
        assert token in fold(text[start:end])


def test_paragraphs_and_sentences():
    assert paragraphs("a\n\n \n b\n") == ["a", " b\n"]
    text = "One. Two!\nThree"
    assert [text[a:b].strip() for a, b in sentences(text)] == ["One.", "Two!", "Three"]


def test_a_long_row_of_marks_is_one_sentence():
    # Nothing is said here of the time it takes: bench/kernel.py does.
    assert sentences("?!" * 25_000) == [(0, 50_000)]
    assert sentences("?! " * 3) == [(0, 3), (3, 6), (6, 9)]


def test_what_is_a_character_does_not_depend_on_the_interpreter():
    """Python 3.11 knows Unicode 14; a newer one must find nothing there that is not listed."""
    here = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == "Cn"]
    replaced = without_unassigned("".join(here))
    assert set(replaced) == {"\ufffd"}
    if unicodedata.unidata_version == "14.0.0":
        there = "".join(chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) != "Cn")
        assert without_unassigned(there) == there


@pytest.mark.parametrize("later", ["\U00011f04", "\U00031350", "\u1c89"])
def test_a_letter_of_a_later_unicode_is_no_letter(later: str):
    assert fold(f"war{later}") == "war "
    assert normalise(f"war{later}") == "war\ufffd"


def test_phrase_ligatures_do_not_grow():
    text = "war \ufdfa\ufdfb peace"
    assert len(normalise(text)) == len(text)
    assert [text[a:b] for a, b in token_spans(text)] == ["war", "peace"]
