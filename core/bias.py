"""Bias of a text: four dimensions from words, and its loudness."""

from collections.abc import Sequence
from typing import get_args

import numpy as np

from contract.signal import Bias, BiasLabel
from core.encoding import named
from core.evidence import Evidence
from core.model import Floats, Model
from core.reading import Reading

DIMENSIONS = ("toxicity", "political", "gender", "racial")
SHARES = np.array([0.95, 0.7, 0.85, 0.95, 0.6])
"""How far each dimension alone (then loaded language) can carry the score."""

HALF = 0.5
SHORT_TEXT = 50.0
WORDS_PER_HIT = 100.0
"""A dimension is half certain at half a hit, and one hit more for every 100 words beyond 50."""

EXCLAMATION_SHARE = 0.25
SHOUTING_SHARE = 0.25
EXCLAMATIONS_FOR_ALL = 5.0
SHOUTING_FLOOR, SHOUTING_RANGE = 0.1, 0.4
LABELS: tuple[BiasLabel, ...] = get_args(BiasLabel)
LABEL_BOUNDS = (0.3, 0.6, 0.8)


def measure(model: Model, evidence: Evidence, readings: Sequence[Reading]) -> Floats:
    """Return (texts, 8): score, dimensions, loaded language, exclamation, shouting; in [0, 1].

    The parts are independent reasons: score = 1 - product of (1 - share * part).
    A dimension is judged by the density of its hits: hits / (hits + 0.5 + words beyond 50 / 100).
    So one clear insult in a message gives 0.667 and one in a speech next to nothing. Threats and
    slurs count alike however long the text is.
    """
    hits = evidence.hits[:, model.channels["bias"]]
    half = HALF + np.maximum(evidence.words - SHORT_TEXT, 0.0) / WORDS_PER_HIT
    parts = hits / (hits + half[:, None])
    alarm = evidence.hits[:, model.metrics["alarm"]]
    parts[:, 0] = np.maximum(parts[:, 0], alarm / (alarm + HALF))
    density = evidence.strength[:, model.channels["bias"]]
    parts[:, 4] = density[:, 4]
    exclamation = np.minimum(
        np.array([r.exclamations for r in readings], dtype=np.float64) / EXCLAMATIONS_FOR_ALL, 1.0
    )
    shouted = np.array([r.shouted for r in readings], dtype=np.float64)
    share = shouted / np.maximum(evidence.words, 1.0)
    shouting = np.clip((share - SHOUTING_FLOOR) / SHOUTING_RANGE, 0.0, 1.0)
    calm = np.prod(1.0 - SHARES * parts, axis=1)
    calm *= (1.0 - EXCLAMATION_SHARE * exclamation) * (1.0 - SHOUTING_SHARE * shouting)
    return np.column_stack([1.0 - calm, parts, exclamation, shouting])


def answer(values: list[float]) -> Bias:
    """Return the bias of one text from its rounded row."""
    score, *dimensions, loaded, exclamation, shouting = values
    return {
        "score": score,
        "label": label(score),
        "dimensions": named(DIMENSIONS, dimensions),
        "loaded": loaded,
        "exclamation": exclamation,
        "shouting": shouting,
    }


def label(score: float) -> BiasLabel:
    """Return neutral, moderate, high or extreme for a score."""
    return LABELS[sum(score >= bound for bound in LABEL_BOUNDS)]
