"""The three meta readings as dicts."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from contract.signal import Meta
from core.delta144 import ranking
from core.encoding import rounded_blocks
from core.meta import aurelius, nietzsche
from core.model import Model
from core.pipeline import Stages

DOMINANT = 3
ACTIVE_BOUND = 0.15


def meta_blocks(model: Model, stages: Stages) -> Iterator[Meta]:
    """Yield one `meta` object per text."""
    n = _nietzsche(model, stages)
    a = _aurelius(model, stages)
    c = _campbell(model, stages)
    for one, two, three in zip(n, a, c, strict=True):
        yield {"nietzsche": one, "aurelius": two, "campbell": three}


def _nietzsche(model: Model, stages: Stages) -> Iterator[Any]:
    reading = stages.nietzsche
    names = [axis.id for axis in model.vocabulary.readings.nietzsche]
    will, eternal = names.index("will_to_power"), names.index("eternal_return_acceptance")
    scalars = np.array([reading.master, reading.slave, reading.transcendence, reading.severity]).T
    for axes, values in rounded_blocks([reading.axes, scalars]):
        master, slave, transcendence, severity = values
        kind = nietzsche.morality(master, slave)
        yield {
            "score": severity,
            "label": kind,
            "will_to_power": axes[will],
            "morality_type": kind,
            "eternal_return": axes[eternal],
            "transcendence": transcendence,
            "scores": dict(zip(names, axes, strict=True)),
            "dominant_axes": _dominant(names, axes),
            "severity": severity,
        }


def _aurelius(model: Model, stages: Stages) -> Iterator[Any]:
    reading = stages.aurelius
    names = [axis.id for axis in model.vocabulary.readings.aurelius]
    scalars = np.array(
        [
            reading.alignment,
            reading.memento_mori,
            reading.amor_fati,
            reading.controllable,
            reading.not_controllable,
            reading.severity,
        ]
    ).T
    rows = rounded_blocks([reading.axes, reading.virtues, scalars])
    for axes, virtues, values in rows:
        alignment, memento, fati, controllable, beyond, severity = values
        yield {
            "score": alignment,
            "label": aurelius.label(alignment, math.fsum(virtues) / len(virtues)),
            "dichotomy_of_control": {
                "controllable": controllable,
                "not_controllable": beyond,
            },
            "virtue_scores": dict(zip(aurelius.VIRTUES, virtues, strict=True)),
            "memento_mori": memento,
            "amor_fati": fati,
            "scores": dict(zip(names, axes, strict=True)),
            "dominant_axes": _dominant(names, axes),
            "severity": severity,
        }


def _campbell(model: Model, stages: Stages) -> Iterator[Any]:
    reading = stages.campbell
    names = [axis.id for axis in model.vocabulary.readings.campbell]
    archetypes = model.vocabulary.archetypes
    scalars = np.array([reading.confidence, reading.potential, reading.resonance]).T
    rows = zip(
        rounded_blocks([reading.stages, scalars, stages.archetypes]),
        reading.stage.tolist(),
        stages.evidence.silent,
        strict=True,
    )
    for (scores, (confidence, potential, resonance), delta12), stage, abstained in rows:
        leading = [] if abstained else ranking(delta12, DOMINANT)
        active = [archetypes[i] for i in leading if delta12[i] >= ACTIVE_BOUND]
        yield {
            "score": confidence,
            "label": names[stage],
            "journey_stage": names[stage],
            "archetypal_roles": {a.id: a.journey_role for a in active},
            "transformation_potential": potential,
            "mythic_resonance": resonance,
            "active_archetypes": [a.id for a in active],
            "scores": {
                "stage_confidence": confidence,
                "transformation_potential": potential,
                "mythic_resonance": resonance,
            },
            "stage_scores": dict(zip(names, scores, strict=True)),
            "severity": resonance,
        }


def _dominant(names: list[str], values: list[float]) -> list[str]:
    """Return up to three axes with evidence, strongest first."""
    return [names[i] for i in ranking(values, DOMINANT) if values[i] > 0]
