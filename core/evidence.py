"""Evidence: counts of hits become saturated strengths, coverage and abstention."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from contract.signal import AbstainReason
from core.model import UNIT, Floats, Model
from core.reading import Reading

FIRST_HIT = 1.5
WORDS_PER_HIT = 40.0
"""A channel is half saturated by 1.5 hits, plus one for every 40 words."""

MINIMUM_HITS = 2
MINIMUM_COVERAGE = 0.02


@dataclass(frozen=True, slots=True)
class Evidence:
    """Strengths of all channels for a number of texts.

    `hits` (texts, channels) weighted hits; `strength` (texts, channels) in [0, 1);
    `words` (texts,); `silent` (texts,) where a text abstains, with the reasons in `reasons`.
    """

    hits: Floats
    strength: Floats
    words: Floats
    coverage: Floats
    found: Floats
    silent: npt.NDArray[np.bool_]
    reasons: Sequence[AbstainReason | None]


def gather(model: Model, counts: Floats, readings: Sequence[Reading]) -> Evidence:
    """Spread counts (texts, concepts) over the channels and saturate them.

    The product is over the concepts that occur at all; it is exact, so leaving zeros out of it
    changes nothing. strength = hits / (hits + 1.5 √c + c words / 40), where c is how common the
    channel is in ordinary text (1 but for archetypes and columns): it never falls when hits rise.
    """
    present = np.flatnonzero(counts.any(axis=0))
    hits = counts[:, present] @ model.weights[present] / UNIT
    words = np.array([reading.words for reading in readings], dtype=np.float64)
    common = model.commonness
    half = FIRST_HIT * np.sqrt(common) + words[:, None] / WORDS_PER_HIT * common
    strength = hits / (hits + half)
    matched = np.array([reading.matched for reading in readings], dtype=np.float64)
    coverage = matched / np.maximum(words, 1.0)
    anything = hits[:, model.channels["archetypes"]].max(axis=1) > 0
    reasons = [
        _reason(r, c, a)
        for r, c, a in zip(readings, coverage.tolist(), anything.tolist(), strict=True)
    ]
    return Evidence(
        hits=hits,
        strength=strength,
        words=words,
        coverage=coverage,
        found=np.array([len(reading.hits) for reading in readings], dtype=np.float64),
        silent=np.array([reason is not None for reason in reasons]),
        reasons=reasons,
    )


def _reason(reading: Reading, coverage: float, anything: bool) -> AbstainReason | None:  # noqa: FBT001
    if reading.words == 0:
        return "empty"
    if not reading.hits or not anything:
        return "no_evidence"
    if len(reading.hits) < MINIMUM_HITS or coverage < MINIMUM_COVERAGE:
        return "too_little_evidence"
    return None
