"""What the four applications add to a signal."""

from typing import Literal

from pydantic import Field

from app.models.signal import Answer, BiasDimensions, Planes, Share, Signal


class TopArchetype(Answer):
    """One of the most probable archetypes."""

    id: str
    index: int = Field(ge=0, le=11)
    probability: Share


Epistemic = Literal["insufficient", "tentative", "supported"]


class Rates(Answer):
    """Words of each kind in a hundred."""

    hedge: float
    uncertainty: float
    guidance: float
    positive: float
    negative: float


class Guidance(Answer):
    """What management says of its own forecast."""

    raised: float
    lowered: float
    direction: Literal["raised", "lowered", "maintained", "mixed", "none"]


class AlphaAnswer(Answer):
    """An earnings call, read."""

    domain: Literal["ALPHA"]
    signal_id: str
    ticker: str | None
    quarter: str | None
    top_archetypes: list[TopArchetype] = Field(max_length=5)
    entropy: float = Field(ge=0)
    normalised_entropy: Share
    tw_trigger: bool
    epistemic_status: Epistemic
    narrative_coherence: Share | None
    rates: Rates
    guidance: Guidance
    plane_weights: Planes
    weighted_tension: float
    signal: Signal


class GeoExtras(Answer):
    """What was told with the text, and how sure the reading is."""

    region: str | None
    source: str | None
    epistemic_status: Epistemic


class GeoAnswer(Answer):
    """A geopolitical text, read."""

    domain: Literal["GEO"]
    signal_id: str
    story_id: str
    top_archetypes: list[TopArchetype] = Field(max_length=3)
    tw_triggered: bool
    tw_severity: Share
    risk_level: Literal["low", "medium", "high", "critical"]
    escalation: Share
    institutional_stress: Share
    plane_weights: Planes
    weighted_tension: float
    extras: GeoExtras
    signal: Signal


class VectorScore(Answer):
    """A Kindra vector and its score."""

    id: str
    score: float


class Theme(Answer):
    """What is praised or blamed."""

    theme: str
    pain: float
    praise: float


class ProductAnswer(Answer):
    """What people say of a product, read."""

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
    net_sentiment: float = Field(ge=-1, le=1)
    verdict: Literal["pain", "praise", "mixed", "neutral"]
    themes: list[Theme]
    plane_weights: Planes
    weighted_tension: float
    signal: Signal


class Span(Answer):
    """Where a dimension was found; offsets are in code points of the text given."""

    dimension: str
    term: str
    start: int
    end: int


class SafeguardAnswer(Answer):
    """The risk of a text, judged."""

    domain: Literal["SAFEGUARD"]
    signal_id: str
    toxicity: Share
    bias_dimensions: BiasDimensions
    severity: Literal["none", "low", "medium", "high", "critical"]
    flags: list[str]
    spans: list[Span]
    recommendations: list[str]
    source: str | None
    plane_weights: Planes
    weighted_tension: float
    signal: Signal
