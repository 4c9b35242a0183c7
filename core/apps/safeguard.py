"""Safeguard: toxicity and bias with the words that show them."""

from collections.abc import Mapping
from typing import cast, get_args

from contract.apps import SafeguardAnswer, Severity, Span
from core.apps.common import Analysis, planes
from core.bias import DIMENSIONS
from core.model import Model
from core.text import token_spans

FLAGS = {
    "toxicity": "high_toxicity",
    "political": "political_bias",
    "gender": "gender_bias",
    "racial": "racial_bias",
}
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
SEVERITY_BOUNDS = (0.1, 0.4, 0.6, 0.8)
FLAGGED = SEVERITY_BOUNDS[2]
"""A dimension that makes a text high or critical is flagged, and no other."""

ADVICE = {
    "high_toxicity": "Hold the message for review before it is shown.",
    "political_bias": "Ask for a neutral wording of the political claim.",
    "gender_bias": "Point out the generalisation about gender and ask for a rewording.",
    "racial_bias": "Hold the message: it generalises about an ethnic group.",
}
THREAT_ADVICE = "Alert a person: the message threatens someone."
CLEAR_ADVICE = "No action needed."
WATCH_ADVICE = "Show the message and watch the conversation."


def analyse(analysis: Analysis, source: str | None) -> SafeguardAnswer:
    """Return the evaluation of a text."""
    signal = analysis.signal
    dimensions = cast("Mapping[str, float]", signal["bias"]["dimensions"])
    flags = [flag for name, flag in FLAGS.items() if dimensions[name] >= FLAGGED]
    found = spans(analysis)
    level = sum(max(dimensions.values()) >= bound for bound in SEVERITY_BOUNDS)
    weights, tension = planes(analysis, "SAFEGUARD")
    return {
        "domain": "SAFEGUARD",
        "signal_id": signal["signal_id"],
        "toxicity": signal["bias"]["dimensions"]["toxicity"],
        "bias_dimensions": signal["bias"]["dimensions"],
        "severity": SEVERITIES[level],
        "flags": flags,
        "spans": found,
        "recommendations": recommendations(analysis, flags, level),
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
    places = token_spans(reading.text)
    shown = {number: _dimensions(model, number, carriers) for number in set(reading.hits.meaning)}
    found: list[Span] = []
    for first, last, number in reading.hits:
        start, end = places[first][0], places[last][1]
        for name in shown[number]:
            term = reading.text[start:end]
            found.append({"dimension": name, "term": term, "start": start, "end": end})
    return found


def _dimensions(model: Model, number: int, carriers: Mapping[str, set[str]]) -> list[str]:
    """Return the dimensions that a meaning speaks for."""
    meaning = model.meanings[number]
    names = {model.concepts[c] for c in meaning.concepts}
    return [name for name in DIMENSIONS if not meaning.negated and carriers[name] & names]


def recommendations(analysis: Analysis, flags: list[str], level: int) -> list[str]:
    """Return what a moderator should do, most urgent first."""
    model = analysis.model
    threat = model.concepts.index("toxic_threat")
    found = [model.meanings[number] for number in analysis.reading.hits.meaning]
    threatens = any(threat in meaning.concepts and not meaning.negated for meaning in found)
    advice = [THREAT_ADVICE] if threatens else []
    advice.extend(ADVICE[flag] for flag in flags)
    if advice:
        return advice
    return [WATCH_ADVICE if level else CLEAR_ADVICE]
