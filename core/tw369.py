"""TW369: tension of the three planes, severity, drift (Model A), evolution, regime."""

import math
from typing import get_args

import numpy as np

from contract.options import Options
from contract.signal import Planes, Regime, Tw
from core.delta144 import normalised
from core.encoding import named, number
from core.model import Floats, Model
from core.vocabulary.base import PLANES
from core.vocabulary.parameters import Domain, TwParameters, TwProfileParameters

REGIMES: tuple[Regime, ...] = get_args(Regime)

SHIFT = 0.3
SHIFTS: dict[Domain, tuple[float, tuple[float, float, float]]] = {
    "ALPHA": (0.6, (-0.7, 0.5, 0.2)),
    "GEO": (0.3, (-0.4, -0.6, 1.0)),
    "SAFEGUARD": (0.6, (-1.0, 0.5, 0.5)),
}
"""From which severity on a domain's weights of planes 3, 6 and 9 move, and in which proportion."""


Field = dict[str, Floats]
"""`tension` (texts, 3), `severity` (texts,), `drift` (texts, 3): 3→6, 6→9, 9→3, `drift_metric` and
`index` (texts,)."""


def read_field(model: Model, scores: Floats, options: Options, drift_damping: Floats) -> Field:
    """Return tension, severity and drift for Kindra scores (texts, 144)."""
    parameters = model.vocabulary.tw
    profile = parameters.profiles[options.tw_profile]
    planes = tension(parameters, charge(model, scores), scores)
    mean = planes.sum(axis=1) / 3.0
    severity = np.minimum(1.0 - np.exp(-profile.lam * mean), profile.severity_cap)
    # t6-t3, t9-t6, t3-t9, scaled down so that their sizes sum to at most 1.
    raw = planes[:, (1, 2, 0)] - planes
    gradients = raw / np.maximum(1.0, np.abs(raw).sum(axis=1))[:, None]
    drift = gradients * severity[:, None] * drift_damping[:, None]
    return {
        "tension": planes,
        "severity": severity,
        "drift": drift,
        "drift_metric": np.abs(drift).sum(axis=1) / 3.0,
        "index": regime_index(mean, profile),
    }


def charge(model: Model, scores: Floats) -> Floats:
    """Return the tension each vector carries, in [-1, 1].

    A pole says how much tension it carries: conflict much, calm none. Words alone seldom take a
    score past 0.6; the gain lets the loudest texts reach the end of the scale.
    """
    carried = scores * np.where(scores > 0, model.tension_high, model.tension_low)
    return np.clip(model.vocabulary.tw.tension.gain * carried, -1.0, 1.0)


def tension(parameters: TwParameters, charged: Floats, scores: Floats) -> Floats:
    """Return (texts, 3): 0.6 * mean |s| + 0.4 * deviation over the vectors with evidence."""
    shape = (len(scores), 3, 48)
    layers = charged.reshape(shape)
    weight = np.abs(scores).reshape(shape)
    total = weight.sum(axis=2)
    safe = np.where(total > 0, total, 1.0)
    magnitude = np.abs(layers)
    mean = (weight * magnitude).sum(axis=2) / safe
    signed = (weight * layers).sum(axis=2) / safe
    square = (weight * layers * layers).sum(axis=2) / safe
    deviation = np.sqrt(np.maximum(square - signed * signed, 0.0))
    result: Floats = (
        parameters.tension.mean_weight * mean + parameters.tension.deviation_weight * deviation
    )
    return result


def regime_index(mean_tension: Floats, profile: TwProfileParameters) -> Floats:
    """Return severity stretched to the whole of [0, 1]: (1-e^(-λT)) / (1-e^(-λ))."""
    full = 1.0 - np.exp(-profile.lam)
    index: Floats = np.clip((1.0 - np.exp(-profile.lam * mean_tension)) / full, 0.0, 1.0)
    return index


def regime(parameters: TwParameters, index: float) -> Regime:
    """Return STABLE below 0.3, UNSTABLE above 0.7, CRITICAL between (bounds included)."""
    if index < parameters.regime.stable_below:
        return REGIMES[0]
    return REGIMES[2] if index > parameters.regime.unstable_above else REGIMES[1]


def evolve(model: Model, columns: Floats, drift: Floats, options: Options) -> Floats:
    """Return column probabilities (texts, 12) after `options.steps` steps of drift.

    A state belongs to its column's plane, so the 144 states move as their twelve columns do.
    Factors: plane 3 by the drift 9→3, plane 6 by 3→6, plane 9 by 6→9, never below the floor.
    """
    profile = model.vocabulary.tw.profiles[options.tw_profile]
    arriving = drift[:, (2, 0, 1)]
    factors = np.maximum(1.0 + arriving * profile.damping, profile.min_factor)
    per_column = factors[:, model.column_plane]
    moved = columns
    for _ in range(options.steps):
        moved = normalised(moved * per_column)
    return moved


def weighted_tension(parameters: TwParameters, domain: Domain, tw: Tw) -> tuple[Planes, float]:
    """Return a domain's weights of planes 3, 6 and 9, shifted by severity, and their tension."""
    w3, w6, w9 = (parameters.domains[domain][plane] for plane in PLANES)
    least, moves = SHIFTS.get(domain, (math.inf, (0.0, 0.0, 0.0)))
    if tw["severity"] >= least:
        x = min(SHIFT * tw["severity"], (w3 + w6) / 2 if domain == "GEO" else w3)
        w3, w6, w9 = (w + move * x for w, move in zip((w3, w6, w9), moves, strict=True))
    weights = {plane: w / (w3 + w6 + w9) for plane, w in zip(PLANES, (w3, w6, w9), strict=True)}
    tension = math.fsum(weights[plane] * tw["tension"][plane] for plane in PLANES)
    return named(PLANES, map(number, weights.values())), number(tension)
