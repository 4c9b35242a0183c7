import pytest

from core.hits import INTENSIFIED, NEGATED, PLAIN, WEAKENED, Meanings
from core.lexicon import Lexicon
from core.text import fold, tokens
from core.vocabulary.lexicon import LexiconSource

NAMES = ("growth", "guidance", "joy", "art", "decline", "toxic_mild", "toxic_insult")
CONCEPTS = {name: number for number, name in enumerate(NAMES)}
OPPOSITES = (4, -1, -1, -1, 0, -1, -1)
SOURCE = LexiconSource.model_construct(
    schema_="kaldra.lexicon/1",
    version="1.0.0",
    language="en",
    function_words=("the",),
    negators=("not", "don't"),
    intensifiers=("very",),
    contrasts=("but",),
    persons=("you",),
    neutral_phrases=("not only",),
    terms={
        "growth": ("grow*", "record revenue"),
        "guidance": ("guidance", "rais* our guidance"),
        "joy": ("happy", "art fair"),
        "art": ("art", "artist*", "happy"),
        "decline": ("costs|prices ~ soar*",),
        "toxic_mild": ("garbage",),
        "toxic_insult": ("idiot",),
    },
)


@pytest.fixture
def found():
    meanings = Meanings(OPPOSITES)
    lexicon = Lexicon(SOURCE, CONCEPTS, meanings)
    return lambda text: [
        (set(meanings[number].concepts), meanings[number].units, last - first + 1)
        for first, last, number in lexicon.scan(tokens(fold(text)))
    ]


def test_words_stems_and_phrases(found):
    assert found("growth") == [({0}, PLAIN, 1)]
    assert found("the artists") == [({3}, PLAIN, 1)]
    assert found("We are raising our guidance") == [({1}, PLAIN, 3)]


def test_longest_phrase_wins_and_its_words_do_not_count_again(found):
    assert found("record revenue growth") == [({0}, PLAIN, 2), ({0}, PLAIN, 1)]
    assert found("art fair") == [({2}, PLAIN, 2)]


def test_word_of_two_concepts_counts_for_both(found):
    assert found("happy") == [({2, 3}, PLAIN, 1)]


def test_possessive_is_the_word(found):
    assert found("the guidance's") == [({1}, PLAIN, 1)]


def test_negation_reaches_five_words_within_the_clause(found):
    assert found("not a very big and lasting growth")[0][1] == PLAIN
    assert found("not a very big growth") == [({4}, NEGATED, 1)]
    assert found("I don\u2019t grow") == [({4}, NEGATED, 1)]
    assert found("not so, growth") == [({0}, PLAIN, 1)]


def test_gap_and_choice_in_a_phrase(found):
    assert found("costs soared") == [({4}, PLAIN, 2)]
    assert found("prices have once more soared") == [({4}, PLAIN, 5)]
    assert found("prices have once more and again soared") == []
    assert found("costs, soared") == [], "a gap ends with the clause"


def test_contrast_halves_what_its_sentence_said_before(found):
    assert [units for _, units, _ in found("growth. very happy art, but growth")] == [
        *(PLAIN, PLAIN, WEAKENED, PLAIN)
    ]


def test_mild_insult_needs_a_person_or_stands_alone(found):
    assert found("take out the garbage today") == [({5}, PLAIN, 1)]
    assert found("you are garbage") == [({6}, PLAIN, 1)]
    assert found("Garbage!") == [({6}, PLAIN, 1)]


def test_forms_and_affixes(found):
    assert found("happiest") == [({2, 3}, PLAIN, 1)]
    assert found("growthless") == [({4}, PLAIN, 1)]
    assert found("unhappy") == [], "neither concept has an opposite"


def test_neutral_phrase_negates_nothing(found):
    assert found("not only growth") == [({0}, PLAIN, 1)]


def test_intensifier_must_stand_directly_before(found):
    assert found("very happy")[0][1] == INTENSIFIED
    assert found("very much happy")[0][1] == PLAIN


def test_memos_keep_no_long_tokens():
    lexicon = Lexicon(SOURCE, CONCEPTS, Meanings(OPPOSITES))
    for text, kept in (
        (f"grow{'x' * 60}", 64),
        (f"grow{'x' * 100_000} record {'y' * 100_000} art {'z' * 100_000}", len("record")),
    ):
        before = set(lexicon._words)
        lexicon.scan(tokens(fold(text)))
        assert max(map(len, set(lexicon._words) - before)) == kept


def test_memo_never_changes_a_result(found, monkeypatch):
    before = found("not growth, very happy artists")
    monkeypatch.setattr("core.lexicon._MEMO_LIMIT", 1)
    assert found("not growth, very happy artists") == before
