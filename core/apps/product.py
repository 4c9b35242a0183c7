"""Product: reviews, social posts and support texts."""

from bisect import bisect_right

import numpy as np

from contract.apps import ProductAnswer, Theme, VectorScore, Verdict
from core.apps.common import Analysis, planes
from core.delta144 import ranking
from core.encoding import number
from core.hits import Hits
from core.model import UNIT, Floats, Integers
from core.text import sentences, token_spans

TOP = 5
DECIDED = 0.35
"""Net sentiment beyond this is a verdict."""


def analyse(
    analysis: Analysis, product_id: str | None, category: str | None, channel: str | None
) -> ProductAnswer:
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


def verdict(pain: float, praise: float, net: float) -> Verdict:
    """Tell in a word how the text judges."""
    if pain + praise == 0:
        return "neutral"
    if abs(net) < DECIDED:
        return "mixed"
    return "praise" if net > 0 else "pain"


def themes(analysis: Analysis) -> list[Theme]:
    """Return pain and praise by theme: a sentence's judgement counts for the themes it touches."""
    model = analysis.model
    numbers, sentence = _hits(analysis)
    meanings, used = np.unique(numbers, return_inverse=True)
    counts = model.tally([Hits([0], [0], [number]) for number in meanings.tolist()])
    judging = [model.metrics[name] for name in ("pain", "praise")]
    judged = _by_sentence(counts @ model.weights[:, judging] / UNIT, used, sentence)
    touched = _by_sentence(counts @ model.weights[:, model.channels["themes"]], used, sentence) > 0
    found: list[Theme] = []
    for place, axis in enumerate(model.vocabulary.readings.themes):
        if touched[:, place].any():
            pain, praise = map(number, judged[touched[:, place]].sum(axis=0).tolist())
            found.append({"theme": axis.id, "pain": pain, "praise": praise})
    return found


def _hits(analysis: Analysis) -> tuple[list[int], list[int]]:
    """Return the meaning of each hit and the number of its sentence."""
    reading = analysis.reading
    places = token_spans(reading.text)
    ends = [end for _, end in sentences(reading.text)][:-1]
    sentence = [bisect_right(ends, places[first][0]) for first in reading.hits.first]
    return reading.hits.meaning, sentence


def _by_sentence(values: Floats, used: Integers, sentence: list[int]) -> Floats:
    """Return (sentences, columns): the sums of `values`, whose row `used` each hit counts for."""
    summed = np.zeros((max(sentence, default=0) + 1, values.shape[1]))
    np.add.at(summed, sentence, values[used])
    return summed


def _strongest(analysis: Analysis, prefix: str) -> list[VectorScore]:
    scores = analysis.signal["kindra"]["scores"]
    keys = [key for key in scores if key.startswith(prefix)]
    order = ranking([abs(scores[key]) for key in keys], TOP)
    return [{"id": keys[i], "score": scores[keys[i]]} for i in order]
