"""Aurelius: the Stoic reading: what is in our control, the four virtues, serenity."""

import math

import numpy as np

from contract.signal import Aurelius, StoicLabel, Virtues
from core.delta144 import ranking
from core.encoding import named
from core.kindra import known
from core.model import Floats, Model
from core.vocabulary.records import READING_IDS

AXES = READING_IDS["aurelius"]
STRONGEST = 4
"""Alignment is the mean of the four strongest axes: no text speaks on all twelve."""

DOMINANT = 3


def read(model: Model, strength: Floats, scores: Floats, collective: Floats) -> Floats:
    """Return (texts, 20), all in [0, 1]; `collective` (texts,) is evidence of the collective pole.

    The axes, the four virtues, alignment, memento mori, amor fati, severity.
    """
    axes = strength[:, model.channels["aurelius"]]
    a = dict(zip(AXES, axes.T, strict=True))
    columns = [
        0.4 * a["perception_clarity"] + 0.3 * a["assent_to_reality"] + 0.3 * a["control_dichotomy"],
        0.4 * a["right_action"] + 0.3 * a["discipline_of_will"] + 0.3 * a["premeditatio_malorum"],
        0.4 * a["right_action"] + 0.3 * a["character_integrity"] + 0.3 * collective,
        0.4 * a["desire_restraint"] + 0.3 * a["emotional_regulation"] + 0.3 * a["serenity"],
        np.sort(axes, axis=1)[:, -STRONGEST:].sum(axis=1) / STRONGEST,
        0.6 * a["premeditatio_malorum"] + 0.4 * known(model, scores, "L1.M46"),
        0.5 * a["fate_acceptance"] + 0.3 * a["assent_to_reality"] + 0.2 * a["serenity"],
        axes.sum(axis=1) / axes.shape[1],
    ]
    return np.column_stack([axes, *columns])


def answer(values: list[float]) -> Aurelius:
    """Return the reading of one text from its rounded row."""
    axes, virtues, (alignment, memento, fati, severity) = values[:12], values[12:16], values[16:]
    scores = named(AXES, axes)
    return {
        "score": alignment,
        "label": label(alignment, math.fsum(virtues) / len(virtues)),
        "dichotomy_of_control": {
            "controllable": scores["discipline_of_will"],
            "not_controllable": scores["fate_acceptance"],
        },
        "virtue_scores": named(Virtues.__annotations__, virtues),
        "memento_mori": memento,
        "amor_fati": fati,
        "scores": scores,
        "dominant_axes": [AXES[i] for i in ranking(axes, DOMINANT) if axes[i] > 0],
        "severity": severity,
    }


def label(alignment: float, mean_virtue: float) -> StoicLabel:
    """Return exemplary_stoic, stoic, mixed or non_stoic."""
    if alignment > 0.7 and mean_virtue > 0.7:
        return "exemplary_stoic"
    if alignment > 0.5 and mean_virtue > 0.5:
        return "stoic"
    return "mixed" if alignment > 0.3 else "non_stoic"
