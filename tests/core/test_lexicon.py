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


@pytest.mark.parametrize(
    ("text", "hits"),
    [
        # Words, stems and phrases.
        ("growth", [({0}, PLAIN, 1)]),
        ("the artists", [({3}, PLAIN, 1)]),
        ("We are raising our guidance", [({1}, PLAIN, 3)]),
        # The longest phrase wins, and its words do not count again.
        ("record revenue growth", [({0}, PLAIN, 2), ({0}, PLAIN, 1)]),
        ("art fair", [({2}, PLAIN, 2)]),
        # A word of two concepts counts for both, and a possessive is the word.
        ("happy", [({2, 3}, PLAIN, 1)]),
        ("the guidance's", [({1}, PLAIN, 1)]),
        # A negation reaches five words, within its clause.
        ("not a very big and lasting growth", [({0}, PLAIN, 1)]),
        ("not a very big growth", [({4}, NEGATED, 1)]),
        ("I don\u2019t grow", [({4}, NEGATED, 1)]),
        ("not so, growth", [({0}, PLAIN, 1)]),
        ("not only growth", [({0}, PLAIN, 1)]),
        # An intensifier stands directly before.
        ("very happy", [({2, 3}, INTENSIFIED, 1)]),
        ("very much happy", [({2, 3}, PLAIN, 1)]),
        # A gap holds up to three words and ends with the clause.
        ("costs soared", [({4}, PLAIN, 2)]),
        ("prices have once more soared", [({4}, PLAIN, 5)]),
        ("prices have once more and again soared", []),
        ("costs, soared", []),
        # A mild insult needs a person beside it, or stands alone.
        ("take out the garbage today", [({5}, PLAIN, 1)]),
        ("you are garbage", [({6}, PLAIN, 1)]),
        ("Garbage!", [({6}, PLAIN, 1)]),
        # Forms and affixes; neither concept of "happy" has an opposite.
        ("happiest", [({2, 3}, PLAIN, 1)]),
        ("growthless", [({4}, PLAIN, 1)]),
        ("unhappy", []),
    ],
)
def test_what_is_found(found, text, hits):
    assert found(text) == hits


def test_contrast_halves_what_its_sentence_said_before(found):
    assert [units for _, units, _ in found("growth. very happy art, but growth")] == [
        *(PLAIN, PLAIN, WEAKENED, PLAIN)
    ]


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("very happy, but", [PLAIN]),
        ("very happy, but growth, but art, but", [WEAKENED, WEAKENED, WEAKENED]),
        ("very happy, but growth. art, but growth, but", [PLAIN, PLAIN, WEAKENED, WEAKENED]),
        (f"very happy but {'x ' * 57} but", [WEAKENED]),
        (f"very happy but {'x ' * 60} but", [PLAIN]),
    ],
)
def test_each_contrast_halves_at_most_sixty_words_of_its_sentence(found, text, units):
    assert [each for _, each, _ in found(text)] == units


def test_many_contrasts_take_no_longer_than_few():
    class Counted(list[str]):
        reads = 0

        def __getitem__(self, place):
            self.reads += 1
            return super().__getitem__(place)

    tokens_read = Counted(["growth", "but"] * 1_000)
    Lexicon(SOURCE, CONCEPTS, Meanings(OPPOSITES)).scan(tokens_read)
    assert tokens_read.reads <= 2 * len(tokens_read)


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
