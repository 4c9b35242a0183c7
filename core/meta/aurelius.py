"""Aurelius: the Stoic reading: what is in our control, the four virtues, serenity."""

from dataclasses import dataclass

import numpy as np

from contract.signal import StoicLabel
from core.meta.known import Borrowed
from core.model import Floats, Model

STRONGEST = 4
"""Alignment is the mean of the four strongest axes: no text speaks on all twelve."""

VIRTUES = ("wisdom", "courage", "justice", "temperance")


@dataclass(frozen=True, slots=True)
class Aurelius:
    """`axes` (texts, 12), `virtues` (texts, 4), the rest (texts,); all in [0, 1]."""

    axes: Floats
    virtues: Floats
    alignment: Floats
    memento_mori: Floats
    amor_fati: Floats
    controllable: Floats
    not_controllable: Floats
    severity: Floats


def read(model: Model, strength: Floats, borrowed: Borrowed, collective: Floats) -> Aurelius:
    """Read the twelve axes; `collective` (texts,) is the evidence of the collective pole."""
    axes = strength[:, model.channels.aurelius]
    names = [axis.id for axis in model.vocabulary.readings.aurelius]
    a = {name: axes[:, i] for i, name in enumerate(names)}
    virtues = np.array(
        [
            0.4 * a["perception_clarity"]
            + 0.3 * a["assent_to_reality"]
            + 0.3 * a["control_dichotomy"],
            0.4 * a["right_action"]
            + 0.3 * a["discipline_of_will"]
            + 0.3 * a["premeditatio_malorum"],
            0.4 * a["right_action"] + 0.3 * a["character_integrity"] + 0.3 * collective,
            0.4 * a["desire_restraint"] + 0.3 * a["emotional_regulation"] + 0.3 * a["serenity"],
        ]
    ).T
    strongest = np.sort(axes, axis=1)[:, -STRONGEST:]
    return Aurelius(
        axes=axes,
        virtues=virtues,
        alignment=strongest.sum(axis=1) / STRONGEST,
        memento_mori=0.6 * a["premeditatio_malorum"] + 0.4 * borrowed.depth,
        amor_fati=0.5 * a["fate_acceptance"] + 0.3 * a["assent_to_reality"] + 0.2 * a["serenity"],
        controllable=a["discipline_of_will"],
        not_controllable=a["fate_acceptance"],
        severity=axes.sum(axis=1) / axes.shape[1],
    )


def label(alignment: float, mean_virtue: float) -> StoicLabel:
    """Return exemplary_stoic, stoic, mixed or non_stoic."""
    if alignment > 0.7 and mean_virtue > 0.7:
        return "exemplary_stoic"
    if alignment > 0.5 and mean_virtue > 0.5:
        return "stoic"
    return "mixed" if alignment > 0.3 else "non_stoic"
