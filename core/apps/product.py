"""Product: reviews, social posts and support texts."""

from __future__ import annotations

from typing import Literal

import numpy as np

from core.apps.common import Analysis, planes
from core.delta144 import ranking
from core.encoding import number
from core.model import UNIT
from core.results import ProductResult, Theme, VectorScore
from core.text import sentences, token_spans

TOP = 5
DECIDED = 0.3
"""Net sentiment beyond this is a verdict."""


def analyse(
    analysis: Analysis, product_id: str | None, category: str | None, channel: str | None
) -> ProductResult:
    """Return the reading of a product text."""
    signal = analysis.signal
    pain, praise = analysis.metric("pain"), analysis.metric("praise")
    net = (praise - pain) / (praise + pain) if praise + pain else 0.0
    weights, tension = planes(analysis, "PRODUCT")
    delta12 = list(signal["delta12"].values())
    return {
        "domain": "PRODUCT",
        "signal_id": signal["signal_id"],
        "product_id": product_id,
        "category": category,
        "channel": channel,
        "kindra_layer1": _strongest(analysis, "L1."),
        "kindra_layer2": _strongest(analysis, "L2."),
        "kindra_layer3": _strongest(analysis, "L3."),
        "dominant_vectors": _strongest(analysis, "L"),
        "archetype_top_indices": [] if signal["abstained"] else ranking(delta12, TOP),
        "pain_rate": analysis.rate("pain"),
        "praise_rate": analysis.rate("praise"),
        "net_sentiment": number(net),
        "verdict": verdict(pain, praise, net),
        "themes": themes(analysis),
        "plane_weights": weights,
        "weighted_tension": tension,
        "signal": signal,
    }


def verdict(
    pain: float, praise: float, net: float
) -> Literal["pain", "praise", "mixed", "neutral"]:
    """Tell in a word how the text judges."""
    if pain + praise == 0:
        return "neutral"
    if abs(net) < DECIDED:
        return "mixed"
    return "praise" if net > 0 else "pain"


def themes(analysis: Analysis) -> list[Theme]:
    """Return pain and praise by theme: a sentence's judgement counts for the themes it touches."""
    model, reading = analysis.model, analysis.reading
    metrics = model.channels.metrics.start
    pain, praise = metrics + model.metric_index["pain"], metrics + model.metric_index["praise"]
    rows = _counts_by_sentence(analysis) @ model.weights / UNIT
    found: list[Theme] = []
    for position, axis in enumerate(model.vocabulary.readings.themes):
        touched = rows[:, model.channels.themes.start + position] > 0
        if touched.any() and reading.hits:
            found.append(
                {
                    "theme": axis.id,
                    "pain": number(rows[touched, pain].sum()),
                    "praise": number(rows[touched, praise].sum()),
                }
            )
    return found


def _counts_by_sentence(analysis: Analysis) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    model, reading = analysis.model, analysis.reading
    places = token_spans(reading.text)
    ends = [end for _, end in sentences(reading.text)]
    counts = np.zeros((max(1, len(ends)), len(model.concepts)))
    for first, _, which in reading.hits:
        meaning = model.meanings[which]
        row = sum(end <= places[first][0] for end in ends[:-1])
        for concept in meaning.concepts:
            counts[row, concept] += meaning.units
    return counts


def _strongest(analysis: Analysis, prefix: str) -> list[VectorScore]:
    scores = analysis.signal["kindra"]["scores"]
    keys = [key for key in scores if key.startswith(prefix)]
    order = ranking([abs(scores[key]) for key in keys], TOP)
    return [{"id": keys[i], "score": scores[keys[i]]} for i in order]
