"""Campbell: the stage of the hero's journey, roles, potential of transformation, resonance."""

import numpy as np

from contract.signal import Campbell
from core.delta144 import TIE_DECIMALS, ranking
from core.encoding import named
from core.kindra import known
from core.model import Floats, Model
from core.vocabulary.records import READING_IDS

STAGES = READING_IDS["campbell"]
UNKNOWN_CONFIDENCE = 0.1
HIGH_POTENTIAL = frozenset({"ORDEAL", "REWARD", "RESURRECTION", "APPROACH_INMOST_CAVE"})
LOW_POTENTIAL = frozenset({"ORDINARY_WORLD", "REFUSAL_OF_CALL"})
HERO = 3
ACTIVE = 3
ACTIVE_BOUND = 0.15


def read(model: Model, strength: Floats, scores: Floats, archetypes: Floats) -> Floats:
    """Return (texts, 15): the stages, then confidence, resonance, and the index of the stage.

    Without evidence that is ORDINARY_WORLD at 0.1. `archetypes` (texts, 12) are the probabilities
    after evolution.
    """
    stages = strength[:, model.channels["campbell"]]
    found = stages.max(axis=1)
    confidence = np.where(found > 0, found, UNKNOWN_CONFIDENCE)
    hero = archetypes.argmax(axis=1) == HERO
    depth, intensity = known(model, scores, "L1.M46"), known(model, scores, "L1.E02")
    resonance = 0.4 * confidence + 0.2 * (found > 0) + 0.1 * hero + 0.2 * depth + 0.1 * intensity
    stage = np.argmax(np.round(stages, TIE_DECIMALS), axis=1)
    return np.column_stack([stages, confidence, resonance, stage])


def answer(model: Model, values: list[float], delta12: list[float], *, silent: bool) -> Campbell:
    """Return the reading of one text from its rounded row; a silent one names no archetypes."""
    scores, (confidence, resonance, stage) = values[:12], values[12:]
    journey_stage = STAGES[int(stage)]
    potential = _potential(journey_stage)
    leading = [] if silent else ranking(delta12, ACTIVE)
    active = [model.vocabulary.archetypes[i] for i in leading if delta12[i] >= ACTIVE_BOUND]
    return {
        "score": confidence,
        "label": journey_stage,
        "journey_stage": journey_stage,
        "archetypal_roles": {a.id: a.journey_role for a in active},
        "transformation_potential": potential,
        "mythic_resonance": resonance,
        "active_archetypes": [a.id for a in active],
        "scores": {
            "stage_confidence": confidence,
            "transformation_potential": potential,
            "mythic_resonance": resonance,
        },
        "stage_scores": named(STAGES, scores),
        "severity": resonance,
    }


def _potential(stage: str) -> float:
    if stage in HIGH_POTENTIAL:
        return 0.7
    return 0.2 if stage in LOW_POTENTIAL else 0.5
