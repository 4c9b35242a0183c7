"""What the four applications add to a signal."""

from typing import Annotated, Literal

from pydantic import Field

from contract.base import Amount, Answer, Score, Share, deferred
from contract.signal import BiasDimensions, Planes, RiskWord, Signal


class TopArchetype(Answer):
    """One of the most probable archetypes."""

    id: str
    index: Annotated[int, Field(ge=0, le=11)]
    probability: Share


Epistemic = Literal["insufficient", "tentative", "supported"]
Verdict = Literal["pain", "praise", "mixed", "neutral"]
Severity = Literal["none", "low", "medium", "high", "critical"]


class Rates(Answer):
    """Words of each kind in a hundred."""

    hedge: Amount
    uncertainty: Amount
    guidance: Amount
    positive: Amount
    negative: Amount


class Guidance(Answer):
    """What management says of its own forecast."""

    raised: Amount
    lowered: Amount
    direction: Literal["raised", "lowered", "maintained", "mixed", "none"]


@deferred
class AlphaAnswer(Answer):
    """An earnings call, read."""

    domain: Literal["ALPHA"]
    signal_id: str
    ticker: str | None
    quarter: str | None
    top_archetypes: Annotated[list[TopArchetype], Field(max_length=5)]
    entropy: Annotated[float, Field(ge=0, le=4.97)]
    normalised_entropy: Share
    tw_trigger: bool
    epistemic_status: Epistemic
    narrative_coherence: Share | None
    rates: Rates
    guidance: Guidance
    plane_weights: Planes
    weighted_tension: Share
    signal: Signal


class GeoExtras(Answer):
    """What was told with the text, and how sure the reading is."""

    region: str | None
    source: str | None
    epistemic_status: Epistemic


@deferred
class GeoAnswer(Answer):
    """A geopolitical text, read."""

    domain: Literal["GEO"]
    signal_id: str
    story_id: str
    top_archetypes: Annotated[list[TopArchetype], Field(max_length=3)]
    tw_triggered: bool
    tw_severity: Share
    risk_level: RiskWord
    escalation: Share
    institutional_stress: Share
    plane_weights: Planes
    weighted_tension: Share
    extras: GeoExtras
    signal: Signal


class VectorScore(Answer):
    """A Kindra vector and its score."""

    id: str
    score: Score


class Theme(Answer):
    """What is praised or blamed."""

    theme: str
    pain: Amount
    praise: Amount


@deferred
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
    pain_rate: Amount
    praise_rate: Amount
    net_sentiment: Score
    verdict: Verdict
    themes: list[Theme]
    plane_weights: Planes
    weighted_tension: Share
    signal: Signal


class Span(Answer):
    """Where a dimension was found; offsets are in code points of the text given."""

    dimension: str
    term: str
    start: int
    end: int


@deferred
class SafeguardAnswer(Answer):
    """The risk of a text, judged."""

    domain: Literal["SAFEGUARD"]
    signal_id: str
    toxicity: Share
    bias_dimensions: BiasDimensions
    severity: Severity
    flags: list[str]
    spans: list[Span]
    recommendations: list[str]
    source: str | None
    plane_weights: Planes
    weighted_tension: Share
    signal: Signal
