from typing import Any

import pytest

from core.kernel import Kernel
from core.meta.aurelius import label
from core.meta.nietzsche import morality


def _meta(kernel: Kernel, text: str) -> Any:
    return kernel.signal(text)["meta"]


@pytest.mark.parametrize(
    ("master", "slave", "word"),
    [(0.7, 0.5, "master"), (0.5, 0.7, "slave"), (0.65, 0.6, "mixed"), (0.4, 0.1, "mixed")],
)
def test_morality_needs_strength_and_margin(master, slave, word):
    assert morality(master, slave) == word


@pytest.mark.parametrize(
    ("alignment", "virtue", "word"),
    [
        (0.8, 0.8, "exemplary_stoic"),
        (0.8, 0.6, "stoic"),
        (0.6, 0.4, "mixed"),
        (0.3, 0.9, "non_stoic"),
    ],
)
def test_stoic_labels(alignment, virtue, word):
    assert label(alignment, virtue) == word


def test_will_against_resentment(kernel):
    will = _meta(kernel, "Power, force and courage: conquer, dominate, command, control, win!")
    grudge = _meta(
        kernel, "They robbed us. Bitter grievance, resentment, envy and revenge against them."
    )
    assert will["nietzsche"]["morality_type"] == "master"
    assert grudge["nietzsche"]["dominant_axes"][0] == "resentment"
    assert grudge["nietzsche"]["will_to_power"] < will["nietzsche"]["will_to_power"]


def test_stoic_text_has_the_virtues(kernel):
    stoic = _meta(
        kernel,
        "Calm and composed, I accept what I cannot control and let go. Disciplined, honest and "
        "sober, I do my duty with integrity; I see clearly, prepare for the worst and stay serene.",
    )["aurelius"]
    rash = _meta(kernel, "Reckless, hasty and furious, they lashed out on a whim.")["aurelius"]
    assert stoic["label"] in {"mixed", "stoic", "exemplary_stoic"}
    assert rash["label"] == "non_stoic"
    high, low = stoic["virtue_scores"], rash["virtue_scores"]
    assert min(high.values()) > max(low.values())


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        ("A usual day: breakfast, commute, chores, the same routine as always.", "ORDINARY_WORLD"),
        ("An invitation, a call to act: the opportunity beckons.", "CALL_TO_ADVENTURE"),
        ("She refused, reluctant and not ready; she said no.", "REFUSAL_OF_CALL"),
        ("I met a teacher, my mentor, who taught me and guided me.", "MEETING_MENTOR"),
        ("He left home and crossed into unknown territory, no turning back.", "CROSSING_THRESHOLD"),
        ("Trial after trial, rivals and allies, conflict and challenges.", "TESTS_ALLIES_ENEMIES"),
        ("On the eve of it they approach, descend, brace; danger looming.", "APPROACH_INMOST_CAVE"),
        ("The darkest hour, rock bottom: crisis, collapse, near death.", "ORDEAL"),
        ("They won the prize, a triumph, a medal and a treasure.", "REWARD"),
        ("Pursued on the road back, they flee and escape.", "ROAD_BACK"),
        ("Reborn like a phoenix, renewed, a second life and recovery.", "RESURRECTION"),
        ("He returned home, giving back and teaching what he learned.", "RETURN_WITH_ELIXIR"),
    ],
)
def test_every_stage_of_the_journey_is_found(kernel, text, stage):
    assert _meta(kernel, text)["campbell"]["journey_stage"] == stage


def test_without_evidence_the_world_is_ordinary(kernel):
    campbell = _meta(kernel, "xyzzy")["campbell"]
    assert campbell["journey_stage"] == "ORDINARY_WORLD"
    assert campbell["scores"]["stage_confidence"] == 0.1
    assert campbell["archetypal_roles"] == {}
