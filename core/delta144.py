"""The distribution over the 144 states, row-major (A01_01 .. A12_12)."""

import numpy as np

from core.encoding import DECIMALS
from core.evidence import Evidence
from core.model import Floats, Integers, Model

PRIOR = 0.05
"""Strength that every archetype and column has without evidence."""

SHARPNESS = 2
TIE_DECIMALS = 9


def base(model: Model, evidence: Evidence, smoothing: Floats) -> tuple[Floats, Floats]:
    """Return (texts, 12) archetype and (texts, 12) column probabilities before modulation.

    Each is (prior + strength)², normalised; `smoothing` (texts,) in (0, 1] raises the archetypes'
    prior where tau asks for caution. An abstaining text is uniform.
    """
    strength = evidence.strength
    archetypes = strength[:, model.channels["archetypes"]] + PRIOR / smoothing[:, None]
    columns = strength[:, model.channels["columns"]] + PRIOR
    archetypes[evidence.silent] = 1.0
    columns[evidence.silent] = 1.0
    return normalised(archetypes**SHARPNESS), normalised(columns**SHARPNESS)


def normalised(weights: Floats) -> Floats:
    """Scale the last axis to sum 1."""
    scaled: Floats = weights / weights.sum(axis=-1, keepdims=True)
    return scaled


def strongest(probabilities: Floats) -> Integers:
    """Return (texts,) the index of the most probable state; ties go to the lower index.

    Probabilities are compared to nine decimals, so that the last bit of a machine's arithmetic
    decides nothing.
    """
    best: Integers = np.argmax(np.round(probabilities, TIE_DECIMALS), axis=1)
    return best


def ranking(probabilities: list[float], count: int) -> list[int]:
    """Return the indices of the `count` highest values, ties by index (the sort is stable)."""
    return sorted(range(len(probabilities)), key=probabilities.__getitem__, reverse=True)[:count]


def leading(probabilities: Floats, count: int) -> Integers:
    """Return (texts, count) the same as `ranking` for many texts, on values to six decimals."""
    order: Integers = np.argsort(-np.round(probabilities, DECIMALS), axis=1, kind="stable")
    return order[:, :count]


def entropy(probabilities: Floats) -> Floats:
    """Return (texts,) natural-log entropy."""
    safe = np.where(probabilities > 0, probabilities, 1.0)
    result: Floats = -(probabilities * np.log(safe)).sum(axis=1)
    return result
