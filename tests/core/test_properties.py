"""What must hold for every text."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.options import Options
from core import delta144, kindra
from core.encoding import dumps
from core.evidence import gather
from core.model import Floats, Model
from core.reading import Reading, read

WORDS = [
    *("guidance", "revenue", "war", "peace", "love", "hate", "idiot", "risk", "growth", "crisis"),
    *("not", "very", "and", "the", "hero", "joke", "prophecy", "receita", "medo", "não", "lucro"),
    *("meeting", "always", "SHOCK", "!", ",", ".", "xyzzy", "care", "transform", "destiny"),
]
texts = st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join)
anything = st.text(st.characters(codec=None), max_size=200)


@given(st.one_of(texts, anything))
@settings(deadline=None)
def test_distributions_and_abstention(kernel, text):
    signal = kernel.signal(text)
    for values in (signal["delta144"], signal["delta12"].values()):
        assert sum(values) == pytest.approx(1.0, abs=1e-4)
    shares = signal["kindra_distribution"].values()
    assert not shares or sum(shares) == pytest.approx(1.0, abs=1e-4)
    assert sum(signal["tw"]["drift"].values()) == pytest.approx(0.0, abs=3e-6)
    assert signal["abstained"] == (signal["archetype"] is None) == (signal["confidence"] == 0.0)


@given(st.lists(st.one_of(texts, anything), min_size=1, max_size=8), st.randoms())
@settings(deadline=None, max_examples=40)
def test_permutation_and_duplication_of_a_batch_change_nothing(kernel, batch, random):
    alone = {text: dumps(kernel.signal(text)) for text in batch}
    mixed = batch * 2
    random.shuffle(mixed)
    for text, signal in zip(mixed, kernel.batch(mixed), strict=True):
        assert dumps(signal) == alone[text]


@given(texts, st.data(), st.integers(1, 20))
@settings(deadline=None, max_examples=100)
def test_more_evidence_for_an_archetype_never_lowers_it(model, text, data, more):
    """Other words say nothing of it, and the text stays as long as it is: all else is equal."""
    archetype, concept = data.draw(st.sampled_from(_speaking_for_one(model)))
    reading = read(model, text, "en")
    counts = model.meanings.tally([reading.hits.meaning])
    before = _archetypes(model, counts, reading)
    counts[0, concept] += more
    after = _archetypes(model, counts, reading)
    assert after[archetype] > before[archetype]
    assert all(after[i] <= before[i] for i in range(12) if i != archetype)


def _speaking_for_one(model: Model) -> list[tuple[int, int]]:
    """Return (archetype, concept) of all concepts that speak for one archetype alone."""
    spoken = model.weights[:, model.channels["archetypes"]] > 0
    pairs = [(int(row.argmax()), c) for c, row in enumerate(spoken) if row.sum() == 1]
    assert {archetype for archetype, _ in pairs} == set(range(12))
    return pairs


def _archetypes(model: Model, counts: Floats, reading: Reading) -> list[float]:
    """Return the twelve base probabilities, also of a text that would abstain."""
    evidence = replace(gather(model, counts, [reading]), silent=np.array([False]))
    archetypes, _ = delta144.base(model, evidence, np.ones(1))
    return [float(value) for value in archetypes[0]]


@pytest.mark.parametrize(
    "text",
    ["", "   \n\t", "...!?", "12345 67890", "zzz qqq", "\u200b\u200b", "你好世界", "🙂" * 50],
)
def test_empty_and_meaningless_texts_abstain(kernel, text):
    signal = kernel.signal(text)
    assert signal["abstained"]
    assert signal["delta144"] == [pytest.approx(1 / 144, abs=1e-6)] * 144
    assert (signal["state"], signal["top_states"], signal["narrative_risk"]) == (None, [], None)
    assert signal["kindra"]["scores"] == {}


def test_a_break_within_a_term_is_no_word(kernel):
    evidence = kernel.signal("tl;dr", Options(language="en"))["evidence"]
    assert (evidence["tokens"], evidence["matched"], evidence["coverage"]) == (2, 2, 1.0)


def test_one_known_word_is_too_little(kernel):
    assert kernel.signal("war")["abstain_reason"] == "too_little_evidence"


def test_long_text(kernel):
    text = ("The board raised guidance after strong growth, although risks remain. " * 715)[:50_000]
    signal = kernel.signal(text)
    assert signal["archetype"] == "A07_RULER"
    assert signal["evidence"]["tokens"] > 7_000


def test_all_three_regimes_are_reachable(kernel):
    calm = kernel.signal("The library is open every day and the staff are calm and kind.")
    tense = kernel.signal("Rivals clashed in a dispute; workers protest and fear grows.")
    wild = kernel.signal(
        "War! Attack! Panic and chaos spread, riots and gunfire, enemies and traitors everywhere, "
        "crisis, collapse, conflict, violence out of control!"
    )
    regimes = [signal["tw_regime"] for signal in (calm, tense, wild)]
    assert regimes == ["STABLE", "CRITICAL", "UNSTABLE"]


def test_all_144_states_are_reachable(kernel, model):
    """A few words that speak for one archetype, then a few that speak for one column."""
    reached = set()
    halves = [(m, n, 0.5) for m, n in ((4, 3), (2, 5), (6, 2), (3, 2), (3, 9), (2, 1))]
    sizes = [*halves, (11, 2, 0.0), (4, 3, 1.0), (5, 8, 1.0), (3, 4, 1.0)]
    for (m, n, penalty), rank in product(sizes, range(3)):
        figures = _pure_words(model, model.channels["archetypes"], model.channels["columns"], 0.5)
        columns = _pure_words(
            model, model.channels["columns"], model.channels["archetypes"], penalty, rank
        )
        batch = [f"{f} " * m + ". " + f"{c} " * n for f in figures for c in columns]
        signals = kernel.batch(batch, Options(language="en"))
        reached |= {signal["state"]["index"] for signal in signals if signal["state"]}
    assert sorted(reached) == list(range(144))


def _pure_words(model: Model, own: slice, other: slice, penalty: float, rank: int = 0) -> list[str]:
    """Return, for each of twelve channels, its most exclusive word, or one of the next."""
    terms = model.vocabulary.lexicons["en"].terms
    single = [t for words in terms.values() for t in words if " " not in t and "*" not in t]
    counts = model.meanings.tally([read(model, word, "en").hits.meaning for word in single])
    strength = counts @ model.weights
    mine, foreign = strength[:, own], strength[:, other].max(axis=1)
    words = []
    for i in range(12):
        rest = np.delete(mine, i, axis=1).max(axis=1)
        order = np.argsort(-(mine[:, i] - rest - penalty * foreign), kind="stable")
        words.append(single[int(order[rank])])
    return words


def test_kindra_factors_stay_within_their_bounds(model):
    scores = np.eye(144)
    for sign in (1.0, -1.0):
        factors = kindra.archetype_factors(model, sign * scores)
        assert factors.min() >= 0.7 - 1e-12
        assert factors.max() <= 1.3 + 1e-12
