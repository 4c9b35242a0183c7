"""Nietzsche: will and resentment, master and slave morality, nihilism, affirmation."""

from dataclasses import dataclass

import numpy as np

from contract.signal import Morality
from core.meta.known import Borrowed
from core.model import Floats, Model

MASTER_BOUND = 0.6
MARGIN = 1.3


@dataclass(frozen=True, slots=True)
class Nietzsche:
    """`axes` (texts, 12); the rest (texts,) in [0, 1]."""

    axes: Floats
    master: Floats
    slave: Floats
    transcendence: Floats
    severity: Floats
    nihilism: Floats


def read(model: Model, strength: Floats, borrowed: Borrowed) -> Nietzsche:
    """Read the twelve axes and what follows from them."""
    axes = strength[:, model.channels.nietzsche]
    names = [axis.id for axis in model.vocabulary.readings.nietzsche]
    column = {name: axes[:, i] for i, name in enumerate(names)}
    will, resentment = column["will_to_power"], column["resentment"]
    power = borrowed.power_climate
    transcendence = (
        0.3 * will
        + 0.2 * column["life_affirmation"]
        + 0.2 * (1.0 - resentment)
        + 0.2 * column["free_spirit"]
        + 0.1 * column["amor_fati"]
        + 0.3 * borrowed.mythic
    )
    striking = [i for i, name in enumerate(names) if name != "apollonian_order"]
    return Nietzsche(
        axes=axes,
        master=0.5 * will + 0.3 * (1.0 - resentment) + 0.2 * power,
        slave=0.5 * resentment + 0.3 * (1.0 - will) + 0.2 * (1.0 - power),
        transcendence=np.minimum(transcendence, 1.0),
        severity=axes[:, striking].max(axis=1),
        nihilism=column["active_nihilism"],
    )


def morality(master: float, slave: float) -> Morality:
    """Return master, slave or mixed: one must exceed 0.6 and be 1.3 times the other."""
    if master > MASTER_BOUND and master > MARGIN * slave:
        return "master"
    if slave > MASTER_BOUND and slave > MARGIN * master:
        return "slave"
    return "mixed"
