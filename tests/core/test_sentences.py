"""Sentences written before anyone looked at what the kernel says of them.

The first run gave: safeguard 17 of 20 and 2 of 20 flagged, geo 16 of 20, finance macro-F1 0.80, 27
of 30 insults and none of 30 comments. The lexicons have grown since, so these are no longer kept
apart; the bounds are those of the first run's bars.
"""

import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "sentences"
SIGNS = {1: "positive", 0: "neutral", -1: "negative"}


def listed(name):
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def flagged(kernel, texts):
    return sum(bool(kernel.safeguard(text)["flags"]) for text in texts)


@pytest.mark.parametrize(("side", "least", "most"), [("harmful", 15, 20), ("harmless", 0, 2)])
def test_safeguard_flags_threats_and_slurs_only(kernel, side, least, most):
    texts = [text for _, text in listed("safeguard")[side]]
    assert least <= flagged(kernel, texts) <= most


@pytest.mark.parametrize(("side", "least", "most"), [("insult", 15, 30), ("neutral", 0, 1)])
def test_safeguard_flags_portuguese_insults_only(kernel, side, least, most):
    assert least <= flagged(kernel, listed("insults")[side]) <= most


def test_geo_grades_dispatches(kernel):
    graded = [(level, kernel.geo(text)["risk_level"]) for level, _, text in listed("geo")]
    assert sum(level == found for level, found in graded) >= 12
    assert "critical" in {found for _, found in graded}


def test_alpha_tells_good_news_from_bad_and_from_none(kernel):
    pairs = []
    for side, text in listed("finance"):
        rates = kernel.alpha(text)["rates"]
        gap = rates["positive"] - rates["negative"]
        pairs.append((side, SIGNS[(gap > 0) - (gap < 0)]))
    scores = [
        2 * pairs.count((side, side)) / sum((a == side) + (b == side) for a, b in pairs)
        for side in SIGNS.values()
    ]
    assert sum(scores) / len(scores) >= 0.7
