import math

import numpy as np
import pytest

from contract.options import Options
from core import risk
from core.bias import label


def _features(**values: float) -> risk.Features:
    return {name: np.array([values.get(name, 0.0)]) for name in risk.TAU_WEIGHTS}


def test_tau_of_nothing_against_the_signal():
    assert risk.tau(_features())[0] == pytest.approx(1.0 / (1.0 + math.exp(-3.0)))


@pytest.mark.parametrize("name", ["bias", "polarity", "entropy", "severity", "drift", "meta"])
def test_every_feature_lowers_tau(name):
    assert risk.tau(_features(**{name: 0.5}))[0] < risk.tau(_features())[0]


@pytest.mark.parametrize(
    ("tau", "level"), [(0.8, 0), (0.79, 1), (0.5, 1), (0.49, 2), (0.2, 2), (0.19, 3)]
)
def test_tau_levels(tau, level):
    assert risk.tau_level(tau) == level
    damping, smoothing = risk.effects(np.array([tau]))
    assert (damping[0], smoothing[0]) == risk.TAU_EFFECTS[level][:2]


@pytest.mark.parametrize(
    ("score", "level", "word"),
    [(0.29, 0, "neutral"), (0.3, 1, "moderate"), (0.6, 2, "high"), (0.8, 3, "extreme")],
)
def test_levels_of_the_safeguard_and_words_for_bias(score, level, word):
    assert (risk.safeguard_level(score), label(score)) == (level, word)


def test_bias_alone_makes_a_text_risky():
    levels = [risk.safeguard_level(risk.safeguard(_features(bias=b))[0]) for b in (0.2, 0.5, 0.85)]
    assert levels == [0, 1, 2]


def test_drift_is_damped_at_medium_risk_only_when_it_is_large():
    assert risk.safeguard_actions(1, 0.6) == ["FLAG_RISK", "DAMPEN_DRIFT"]
    assert risk.safeguard_actions(1, 0.4) == ["FLAG_RISK"]


def test_shouting_and_exclamation_raise_bias(kernel):
    quiet = "the plan will start next week and people like it"
    loud = kernel.signal(quiet.upper() + "!!!!!")
    assert kernel.signal(quiet)["bias_score"] == 0.0
    assert loud["bias"]["shouting"] == loud["bias"]["exclamation"] == 1.0
    assert loud["bias_label"] == "moderate"


def test_length_is_not_bias(kernel):
    text = "The committee met on Tuesday and discussed the report. " * 200
    assert kernel.signal(text)["bias_score"] == 0.0


def test_confidence_is_lower_with_less_support(kernel):
    rich = kernel.signal("We launched a new product and customers like the design.")
    poor = kernel.signal("We launched a thing, and so on.", Options(language="en"))
    assert rich["confidence"] > poor["confidence"]
