"""Alpha: earnings calls."""

import math
from collections.abc import Iterable

from contract.apps import AlphaAnswer, Guidance, Rates
from contract.signal import Signal
from core.apps.common import Analysis, epistemic_status, top_archetypes
from core.delta144 import entropy
from core.encoding import named, number
from core.story import coherence, stage_scores
from core.text import paragraphs
from core.tw369 import weighted_tension

TOP = 5
MOST_SECTIONS = 200
UNDECIDED = 0.34
"""When the weaker side holds more than this share of the hits, guidance is mixed."""


def sections(text: str) -> list[str]:
    """Return the paragraphs of a call, as many together as make 200 sections at most."""
    parts = paragraphs(text)
    together = math.ceil(len(parts) / MOST_SECTIONS)
    if together < 2:
        return parts
    return ["\n\n".join(parts[i : i + together]) for i in range(0, len(parts), together)]


def analyse(
    analysis: Analysis, signals: Iterable[Signal], ticker: str | None, quarter: str | None
) -> AlphaAnswer:
    """Return the reading of an earnings call; `signals` are those of its sections."""
    signal = analysis.signal
    spread = float(entropy(analysis.stages.probabilities)[0])
    weights, tension = weighted_tension(analysis.model.vocabulary.tw, "ALPHA", signal["tw"])
    spoken = [section for section in signals if not section["abstained"]]
    return {
        "domain": "ALPHA",
        "signal_id": signal["signal_id"],
        "ticker": ticker,
        "quarter": quarter,
        "top_archetypes": top_archetypes(signal, TOP),
        "entropy": number(spread),
        "normalised_entropy": number(spread / math.log(144)),
        "tw_trigger": signal["tw_regime"] == "UNSTABLE",
        "epistemic_status": epistemic_status(signal),
        "narrative_coherence": (
            number(coherence(spoken, stage_scores(analysis.model, spoken)))
            if len(spoken) > 1
            else None
        ),
        "rates": named(Rates.__annotations__, map(analysis.rate, Rates.__annotations__)),
        "guidance": guidance(analysis),
        "plane_weights": weights,
        "weighted_tension": tension,
        "signal": signal,
    }


def guidance(analysis: Analysis) -> Guidance:
    """Tell which way guidance went; a word of guidance without a direction says nothing."""
    raised, lowered = analysis.metric("guidance_raised"), analysis.metric("guidance_lowered")
    total = raised + lowered
    if total == 0:
        kept = analysis.metric("guidance_kept") > 0
        return {"raised": 0.0, "lowered": 0.0, "direction": "maintained" if kept else "none"}
    if min(raised, lowered) / total > UNDECIDED:
        return {"raised": number(raised), "lowered": number(lowered), "direction": "mixed"}
    return {
        "raised": number(raised),
        "lowered": number(lowered),
        "direction": "raised" if raised > lowered else "lowered",
    }
