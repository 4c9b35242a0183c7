"""Nietzsche: will and resentment, master and slave morality, nihilism, affirmation."""

import numpy as np

from contract.signal import Morality, Nietzsche
from core.delta144 import ranking
from core.encoding import named
from core.kindra import known
from core.model import Floats, Model
from core.vocabulary.records import READING_IDS

AXES = READING_IDS["nietzsche"]
NIHILISM = AXES.index("active_nihilism")
MASTER_BOUND = 0.6
MARGIN = 1.3
DOMINANT = 3


def read(model: Model, strength: Floats, scores: Floats) -> Floats:
    """Return (texts, 16): the axes, then master, slave, transcendence, severity; in [0, 1]."""
    axes = strength[:, model.channels["nietzsche"]]
    column = dict(zip(AXES, axes.T, strict=True))
    will, resentment = column["will_to_power"], column["resentment"]
    power = known(model, scores, "L1.P17", unknown=0.5)
    mythic = (known(model, scores, "L3.M41") + known(model, scores, "L3.M47")) / 2.0
    transcendence = (
        0.3 * will
        + 0.2 * column["life_affirmation"]
        + 0.2 * (1.0 - resentment)
        + 0.2 * column["free_spirit"]
        + 0.1 * column["amor_fati"]
        + 0.3 * mythic
    )
    master = 0.5 * will + 0.3 * (1.0 - resentment) + 0.2 * power
    slave = 0.5 * resentment + 0.3 * (1.0 - will) + 0.2 * (1.0 - power)
    striking = [i for i, name in enumerate(AXES) if name != "apollonian_order"]
    severity = axes[:, striking].max(axis=1)
    return np.column_stack([axes, master, slave, np.minimum(transcendence, 1.0), severity])


def answer(values: list[float]) -> Nietzsche:
    """Return the reading of one text from its rounded row."""
    axes, (master, slave, transcendence, severity) = values[:12], values[12:]
    scores = named(AXES, axes)
    kind = morality(master, slave)
    return {
        "score": severity,
        "label": kind,
        "will_to_power": scores["will_to_power"],
        "morality_type": kind,
        "eternal_return": scores["eternal_return_acceptance"],
        "transcendence": transcendence,
        "scores": scores,
        "dominant_axes": [AXES[i] for i in ranking(axes, DOMINANT) if axes[i] > 0],
        "severity": severity,
    }


def morality(master: float, slave: float) -> Morality:
    """Return master, slave or mixed: one must exceed 0.6 and be 1.3 times the other."""
    if master > MASTER_BOUND and master > MARGIN * slave:
        return "master"
    if slave > MASTER_BOUND and slave > MARGIN * master:
        return "slave"
    return "mixed"
