"""Safeguard: toxicity and bias with the words that show them."""

from collections.abc import Mapping
from typing import cast, get_args

from contract.apps import SafeguardAnswer, Severity, Span
from core.apps.common import Analysis
from core.bias import DIMENSIONS
from core.model import Model
from core.tw369 import weighted_tension

FLAGS = {
    "toxicity": ("high_toxicity", "Hold the message for review before it is shown."),
    "political": ("political_bias", "Ask for a neutral wording of the political claim."),
    "gender": (
        "gender_bias",
        "Point out the generalisation about gender and ask for a rewording.",
    ),
    "racial": ("racial_bias", "Hold the message: it generalises about an ethnic group."),
}
"""The flag of each dimension, and what a moderator should do about it."""

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
SEVERITY_BOUNDS = (0.1, 0.4, 0.6, 0.8)
FLAGGED = SEVERITY_BOUNDS[2]
"""A dimension that makes a text high or critical is flagged, and no other."""

THREAT_ADVICE = "Alert a person: the message threatens someone."
CLEAR_ADVICE = "No action needed."
WATCH_ADVICE = "Show the message and watch the conversation."


def analyse(analysis: Analysis, source: str | None) -> SafeguardAnswer:
    """Return the evaluation of a text."""
    signal = analysis.signal
    dimensions = cast("Mapping[str, float]", signal["bias"]["dimensions"])
    flagged = [FLAGS[name] for name in FLAGS if dimensions[name] >= FLAGGED]
    level = sum(max(dimensions.values()) >= bound for bound in SEVERITY_BOUNDS)
    advice = [THREAT_ADVICE] if _threatens(analysis) else []
    advice += [what for _, what in flagged]
    weights, tension = weighted_tension(analysis.model.vocabulary.tw, "SAFEGUARD", signal["tw"])
    return {
        "domain": "SAFEGUARD",
        "signal_id": signal["signal_id"],
        "toxicity": signal["bias"]["dimensions"]["toxicity"],
        "bias_dimensions": signal["bias"]["dimensions"],
        "severity": SEVERITIES[level],
        "flags": [flag for flag, _ in flagged],
        "spans": spans(analysis),
        "recommendations": advice or [WATCH_ADVICE if level else CLEAR_ADVICE],
        "source": source,
        "plane_weights": weights,
        "weighted_tension": tension,
        "signal": signal,
    }


def spans(analysis: Analysis) -> list[Span]:
    """Return the terms that speak for a dimension, in order of the text. Negated ones do not."""
    model, reading = analysis.model, analysis.reading
    axes = model.vocabulary.readings.bias
    carriers = {axis.id: set(axis.evidence) for axis in axes if axis.id in DIMENSIONS}
    shown = {number: _dimensions(model, number, carriers) for number in set(reading.hits.meaning)}
    return [
        {"dimension": name, "term": term, "start": start, "end": end}
        for term, start, end, number in reading.spans()
        for name in shown[number]
    ]


def _dimensions(model: Model, number: int, carriers: Mapping[str, set[str]]) -> list[str]:
    """Return the dimensions that a meaning speaks for."""
    meaning = model.meanings[number]
    names = {model.concepts[c] for c in meaning.concepts}
    return [name for name in DIMENSIONS if not meaning.negated and carriers[name] & names]


def _threatens(analysis: Analysis) -> bool:
    model = analysis.model
    threat = model.concepts.index("toxic_threat")
    found = [model.meanings[number] for number in analysis.reading.hits.meaning]
    return any(threat in meaning.concepts and not meaning.negated for meaning in found)
