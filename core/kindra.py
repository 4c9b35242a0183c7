"""Kindra scores: what a text and its origin say on 144 vectors, and their pull on archetypes."""

import numpy as np

from contract.options import Context
from core.evidence import Evidence
from core.model import Floats, Model

NOTHING_KNOWN = Context()


def scores(model: Model, evidence: Evidence, context: Context) -> Floats:
    """Return (texts, 144) in [-1, 1]: high minus low evidence plus context; 0 = nothing known."""
    channels = model.channels
    found = evidence.strength[:, channels["high"]] - evidence.strength[:, channels["low"]]
    if context == NOTHING_KNOWN:
        return found
    return np.clip(found + context_adds(model, context), -1.0, 1.0)


def known(model: Model, kindra_scores: Floats, key: str, *, unknown: float = 0.0) -> Floats:
    """Return (texts,) the score of one vector on [0, 1], where there is evidence of it."""
    score = kindra_scores[:, model.kindra_index[key]]
    return np.where(score == 0.0, unknown, (score + 1.0) / 2.0)


def context_adds(model: Model, context: Context) -> Floats:
    """Return (144,) additions that the context rules give."""
    rules = model.vocabulary.rules
    chosen = [
        rules.country.get(context.country or ""),
        context.sector and rules.sector[context.sector],
        context.media_tone and rules.media_tone[context.media_tone],
        context.channel and rules.channel[context.channel],
    ]
    if context.channel == "podcast" and context.media_tone:
        chosen.append(rules.podcast_tone.get(context.media_tone))
    for name, levels in rules.structure:
        value = getattr(context, name)
        if value is not None and value >= rules.structure_thresholds.high:
            chosen.append(levels.high)
        elif value is not None and value <= rules.structure_thresholds.low:
            chosen.append(levels.low)
    weighted = [(adds, 1.0) for adds in chosen if adds]
    intensity = context.sentiment_intensity
    if context.sentiment:
        weighted.append(
            (rules.sentiment[context.sentiment], 1.0 if intensity is None else intensity)
        )
        if intensity is not None and intensity >= rules.intense_sentiment.threshold:
            weighted.append((rules.intense_sentiment.adds, 1.0))
    total = np.zeros(len(model.kindra_keys))
    for adds, weight in weighted:
        for key, value in adds.items():
            total[model.kindra_index[key]] += value * weight
    return total


def archetype_factors(model: Model, kindra_scores: Floats) -> Floats:
    """Return (texts, 12): the product over all vectors of 1 + score * (±f) for each archetype.

    A negative score swaps boost and suppression. Every single factor lies in [0.7, 1.3]. The texts
    lie on the last axis, where numpy has long runs to work on.
    """
    single = model.influence[:, :, None] * kindra_scores.T[:, None, :]
    single += 1.0
    factors: Floats = np.multiply.reduce(single, axis=0).T
    return factors


def shares(kindra_scores: Floats) -> tuple[Floats, Floats]:
    """Return the shares of all |score| that vectors (texts, 144) and layers (texts, 3) have.

    When nothing is known, each vector has none and each layer a third.
    """
    mass = np.abs(kindra_scores)
    total = mass.sum(axis=1, keepdims=True)
    of_vectors = mass / np.where(total > 0, total, 1.0)
    of_layers = of_vectors.reshape(len(mass), 3, 48).sum(axis=2)
    return of_vectors, np.where(total > 0, of_layers, 1.0 / 3.0)
