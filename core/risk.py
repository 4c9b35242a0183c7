"""Tau, safeguard and confidence: how far a signal should be trusted and acted on."""

from typing import get_args

import numpy as np

from contract.signal import Risk, RiskWord
from core.model import Floats

LEVELS: tuple[Risk, ...] = get_args(Risk)
TAU_BOUNDS = (0.8, 0.5, 0.2)
TAU_WEIGHTS = {
    "bias": 2.5,
    "polarity": 2.0,
    "entropy": 1.0,
    "severity": 1.5,
    "drift": 2.0,
    "meta": 3.0,
}
TAU_EFFECTS = ((1.0, 1.0, 1.0), (0.8, 0.9, 0.9), (0.5, 0.7, 0.5), (0.1, 0.4, 0.1))
"""Drift damping, archetype smoothing, meta influence at each level."""

TAU_ACTIONS: tuple[tuple[str, ...], ...] = (
    (),
    ("FLAG_UNCERTAINTY",),
    ("CLAMP_DRIFT", "SUPPRESS_VOLATILITY", "FLAG_RISK"),
    ("FREEZE_NARRATIVE", "BLOCK_TRANSITIONS", "ALERT_SAFEGUARD"),
)
SAFEGUARD_BOUNDS = (0.3, 0.6, 0.8)
SAFEGUARD_ACTIONS: tuple[tuple[str, ...], ...] = (
    (),
    ("FLAG_RISK",),
    ("FLAG_RISK_HIGH", "DAMPEN_DRIFT_HEAVY", "SUPPRESS_POLARITY"),
    ("BLOCK_OUTPUT", "FREEZE_STATE", "ALERT_ADMIN"),
)
BIAS_CARRIES = 0.75
SURVIVES_TIED, SURVIVES_MARGIN = -0.2, 12.0
HALF_SUPPORT = 5.0
NARRATIVE_RISK: tuple[RiskWord, ...] = get_args(RiskWord)


Features = dict[str, Floats]
"""What speaks against a signal, by the names of TAU_WEIGHTS, each (texts,) in [0, 1]."""


def tau(features: Features) -> Floats:
    """Return sigmoid(3 - weighted sum): 0.953 when nothing speaks against the signal."""
    weights = np.array([[weight] for weight in TAU_WEIGHTS.values()])
    load = (weights * [features[name] for name in TAU_WEIGHTS]).sum(axis=0)
    result: Floats = 1.0 / (1.0 + np.exp(load - 3.0))
    return result


def tau_of_bias(bias: Floats) -> Floats:
    """Return tau when only bias is known yet: it damps drift and smooths archetypes."""
    return 1.0 / (1.0 + np.exp(TAU_WEIGHTS["bias"] * bias - 3.0))


def effects(scores: Floats) -> tuple[Floats, Floats]:
    """Return drift damping and archetype smoothing (texts,) for tau scores."""
    table = np.array(TAU_EFFECTS)
    levels = sum((scores < bound).astype(np.int64) for bound in TAU_BOUNDS)
    return table[levels, 0], table[levels, 1]


def tau_level(score: float) -> int:
    """Return 0 (LOW risk) to 3 (CRITICAL) for a tau score."""
    return sum(score < bound for bound in TAU_BOUNDS)


def safeguard(features: Features) -> Floats:
    """Return the risk score (texts,) in [0, 1].

    The weighted mean of five features, and bias as a reason of its own: a text that insults is
    risky however calm its drift is.
    """
    mean = (
        features["bias"]
        + 1.2 * features["polarity"]
        + 0.8 * features["drift"]
        + 1.4 * features["meta"]
    ) / 5.0
    return 1.0 - (1.0 - np.minimum(mean, 1.0)) * (1.0 - BIAS_CARRIES * features["bias"])


def safeguard_level(score: float) -> int:
    """Return 0 (LOW) to 3 (CRITICAL) for a risk score."""
    return sum(score >= bound for bound in SAFEGUARD_BOUNDS)


def safeguard_actions(level: int, drift_metric: float) -> list[str]:
    """Return what should be done; the kernel itself blocks nothing."""
    actions = list(SAFEGUARD_ACTIONS[level])
    if level == 1 and drift_metric > 0.5:
        actions.append("DAMPEN_DRIFT")
    return actions


def confidence(probabilities: Floats, found: Floats) -> Floats:
    """Return how likely the state is to survive the loss of one sentence (texts,).

    A logistic curve over the root of the margin between the two most probable states (texts, 144),
    fitted to passages of ten sentences; texts of few hits (`found`) lose more with a sentence.
    """
    second, first = np.partition(probabilities, -2, axis=1)[:, -2:].T
    margin = np.sqrt(np.maximum(first - second, 0.0))
    survives = 1.0 / (1.0 + np.exp(-(SURVIVES_TIED + SURVIVES_MARGIN * margin)))
    result: Floats = survives * found / (found + HALF_SUPPORT)
    return result
