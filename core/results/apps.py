"""The shapes of the applications' results."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from core.results.signal import Signal

Epistemic = Literal["insufficient", "tentative", "supported"]


class TopArchetype(TypedDict):
    """An archetype with its probability; index 0-11."""

    id: str
    index: int
    probability: float


class VectorScore(TypedDict):
    """A Kindra vector with its score."""

    id: str
    score: float


class AlphaRates(TypedDict):
    """Weighted hits per 100 words."""

    hedge: float
    uncertainty: float
    guidance: float
    positive: float
    negative: float


class Guidance(TypedDict):
    """Weighted hits of raised and lowered guidance, and which way it went."""

    raised: float
    lowered: float
    direction: Literal["raised", "lowered", "mixed", "maintained", "none"]


class AlphaResult(TypedDict):
    """An earnings call."""

    domain: Literal["ALPHA"]
    signal_id: str
    ticker: str | None
    quarter: str | None
    top_archetypes: list[TopArchetype]
    entropy: float
    normalised_entropy: float
    tw_trigger: bool
    epistemic_status: Epistemic
    narrative_coherence: float | None
    rates: AlphaRates
    guidance: Guidance
    plane_weights: dict[str, float]
    weighted_tension: float
    signal: Signal


class GeoExtras(TypedDict):
    """Where the text comes from and how well it is understood."""

    region: str | None
    source: str | None
    epistemic_status: Epistemic


class GeoResult(TypedDict):
    """A geopolitical text."""

    domain: Literal["GEO"]
    signal_id: str
    story_id: str
    top_archetypes: list[TopArchetype]
    tw_triggered: bool
    tw_severity: float
    risk_level: Literal["low", "medium", "high", "critical"]
    escalation: float
    institutional_stress: float
    plane_weights: dict[str, float]
    weighted_tension: float
    extras: GeoExtras
    signal: Signal


class Theme(TypedDict):
    """A product theme: weighted hits of pain and praise in the sentences that touch it."""

    theme: str
    pain: float
    praise: float


class ProductResult(TypedDict):
    """A product text."""

    domain: Literal["PRODUCT"]
    signal_id: str
    product_id: str | None
    category: str | None
    channel: str | None
    kindra_layer1: list[VectorScore]
    kindra_layer2: list[VectorScore]
    kindra_layer3: list[VectorScore]
    dominant_vectors: list[VectorScore]
    archetype_top_indices: list[int]
    pain_rate: float
    praise_rate: float
    net_sentiment: float
    verdict: Literal["pain", "praise", "mixed", "neutral"]
    themes: list[Theme]
    plane_weights: dict[str, float]
    weighted_tension: float
    signal: Signal


class SafeguardSpan(TypedDict):
    """A term that speaks for a dimension; offsets in code points of the text as given."""

    dimension: str
    term: str
    start: int
    end: int


class SafeguardResult(TypedDict):
    """A safeguard evaluation."""

    domain: Literal["SAFEGUARD"]
    signal_id: str
    toxicity: float
    bias_dimensions: dict[str, float]
    severity: Literal["none", "low", "medium", "high", "critical"]
    flags: list[str]
    spans: list[SafeguardSpan]
    recommendations: list[str]
    source: str | None
    plane_weights: dict[str, float]
    weighted_tension: float
    signal: Signal
