"""What the readings borrow from Kindra: a score on [0, 1] where there is evidence."""

from dataclasses import dataclass

import numpy as np

from core.model import Floats, Model


@dataclass(frozen=True, slots=True)
class Borrowed:
    """Each (texts,) in [0, 1]."""

    power_climate: Floats
    mythic: Floats
    depth: Floats
    intensity: Floats


def borrow(model: Model, scores: Floats) -> Borrowed:
    """Map real vectors to the climate the readings ask about.

    power climate = L1.P17 (0.5 when unknown); mythic = mean of L3.M41 and L3.M47, depth = L1.M46,
    intensity = L1.E02 (all 0 when unknown).
    """
    index = model.kindra_index
    mythic = (_unit(scores[:, index["L3.M41"]], 0.0) + _unit(scores[:, index["L3.M47"]], 0.0)) / 2.0
    return Borrowed(
        power_climate=_unit(scores[:, index["L1.P17"]], 0.5),
        mythic=mythic,
        depth=_unit(scores[:, index["L1.M46"]], 0.0),
        intensity=_unit(scores[:, index["L1.E02"]], 0.0),
    )


def _unit(score: Floats, unknown: float) -> Floats:
    return np.where(score == 0.0, unknown, (score + 1.0) / 2.0)
