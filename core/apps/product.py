"""Product: reviews, social posts and support texts."""

from bisect import bisect_right

import numpy as np

from contract.apps import ProductAnswer, Theme, VectorScore, Verdict
from core.apps.common import Analysis
from core.delta144 import ranking
from core.encoding import number
from core.model import UNIT
from core.text import sentences
from core.tw369 import weighted_tension

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
    weights, tension = weighted_tension(analysis.model.vocabulary.tw, "PRODUCT", signal["tw"])
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
    model, reading = analysis.model, analysis.reading
    ends = [end for _, end in sentences(reading.text)][:-1]
    sentence = [bisect_right(ends, start) for _, start, _, _ in reading.spans()]
    meanings, used = np.unique(reading.hits.meaning, return_inverse=True)
    counts = model.meanings.tally([[meaning] for meaning in meanings.tolist()])
    columns = np.r_[model.metrics["pain"], model.metrics["praise"], model.channels["themes"]]
    said = np.zeros((len(ends) + 1, len(columns)))
    np.add.at(said, sentence, (counts @ model.weights[:, columns] / UNIT)[used])
    touched = said[:, 2:] > 0
    judged = touched.T @ said[:, :2]
    return [
        {"theme": axis.id, "pain": number(judged[place, 0]), "praise": number(judged[place, 1])}
        for place, axis in enumerate(model.vocabulary.readings.themes)
        if touched[:, place].any()
    ]


def _strongest(analysis: Analysis, prefix: str) -> list[VectorScore]:
    scores = analysis.signal["kindra"]["scores"]
    keys = [key for key in scores if key.startswith(prefix)]
    order = ranking([abs(scores[key]) for key in keys], TOP)
    return [{"id": keys[i], "score": scores[keys[i]]} for i in order]
