"""Campbell: the stage of the hero's journey, roles, potential of transformation, resonance."""

from dataclasses import dataclass

import numpy as np

from core.delta144 import TIE_DECIMALS
from core.meta.known import Borrowed
from core.model import Floats, Integers, Model

UNKNOWN_CONFIDENCE = 0.1
HIGH_POTENTIAL = frozenset({"ORDEAL", "REWARD", "RESURRECTION", "APPROACH_INMOST_CAVE"})
LOW_POTENTIAL = frozenset({"ORDINARY_WORLD", "REFUSAL_OF_CALL"})
HERO = 3


@dataclass(frozen=True, slots=True)
class Campbell:
    """`stages` (texts, 12), `stage` (texts,) index, the rest (texts,) in [0, 1]."""

    stages: Floats
    stage: Integers
    confidence: Floats
    potential: Floats
    resonance: Floats


def read(model: Model, strength: Floats, borrowed: Borrowed, archetypes: Floats) -> Campbell:
    """Read the stage; without evidence it is ORDINARY_WORLD at 0.1.

    `archetypes` (texts, 12) are the probabilities after evolution.
    """
    stages = strength[:, model.channels.campbell]
    stage = np.argmax(np.round(stages, TIE_DECIMALS), axis=1)
    found = stages.max(axis=1)
    confidence = np.where(found > 0, found, UNKNOWN_CONFIDENCE)
    base = np.array([_potential(axis.id) for axis in model.vocabulary.readings.campbell])
    hero = archetypes.argmax(axis=1) == HERO
    role = found > 0
    resonance = (
        0.4 * confidence + 0.2 * role + 0.1 * hero + 0.2 * borrowed.depth + 0.1 * borrowed.intensity
    )
    return Campbell(stages, stage, confidence, base[stage], resonance)


def _potential(stage: str) -> float:
    if stage in HIGH_POTENTIAL:
        return 0.7
    return 0.2 if stage in LOW_POTENTIAL else 0.5
