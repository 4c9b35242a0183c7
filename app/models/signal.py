"""The signal: what the kernel reads out of one text."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Score = Annotated[float, Field(ge=-1, le=1)]
Regime = Literal["STABLE", "CRITICAL", "UNSTABLE"]
Risk = Literal["LOW", "MID", "HIGH", "CRITICAL"]
Plane = Literal["3", "6", "9"]


class Answer(BaseModel):
    """Exactly these fields."""

    model_config = ConfigDict(extra="forbid")


class Evidence(Answer):
    """How much of the text says anything to the kernel."""

    tokens: int
    matched: int
    hits: int
    coverage: Share


class MetaModifiers(Answer):
    """The three operators over the twelve archetypes."""

    strength: list[float] = Field(min_length=12, max_length=12)
    journey: list[float] = Field(min_length=12, max_length=12)
    discipline: list[float] = Field(min_length=12, max_length=12)


class Bilingual(Answer):
    """A label in both languages."""

    en: str
    pt: str


class Modifier(Answer):
    """A modifier of the state, and why it is there."""

    id: str
    score: Share
    source: Literal["default", "evidence"]


class State(Answer):
    """The most probable of the 144 states."""

    id: str
    index: int = Field(ge=0, le=143)
    archetype_id: str
    column: int = Field(ge=1, le=12)
    label: Bilingual
    profile: str
    plane: Plane
    probability: Share
    modifiers: list[Modifier]


class TopState(Answer):
    """One of the most probable states."""

    id: str
    index: int = Field(ge=0, le=143)
    probability: Share


class Planes(Answer):
    """One number for each plane."""

    three: float = Field(alias="3")
    six: float = Field(alias="6")
    nine: float = Field(alias="9")


class Kindra(Answer):
    """Kindra vectors with evidence, and their weight by plane."""

    scores: dict[str, Score]
    planes: Planes


class Drift(Answer):
    """Flow between the planes."""

    plane3_to_6: float
    plane6_to_9: float
    plane9_to_3: float


class Tw(Answer):
    """TW369: tension, drift and regime."""

    tension: Planes
    severity: Share
    drift: Drift
    drift_metric: float = Field(ge=0)
    index: Share
    index_source: Literal["single_text"]
    regime: Regime
    profile: str
    steps: int
    damping: float


class Nietzsche(Answer):
    """The reading by will and values."""

    score: Share
    label: str
    will_to_power: Share
    morality_type: Literal["master", "slave", "mixed"]
    eternal_return: Share
    transcendence: Share
    scores: dict[str, Share]
    dominant_axes: list[str] = Field(max_length=3)
    severity: Share


class Control(Answer):
    """What can be controlled and what cannot."""

    controllable: Share
    not_controllable: Share


class Virtues(Answer):
    """The four virtues."""

    wisdom: Share
    courage: Share
    justice: Share
    temperance: Share


class Aurelius(Answer):
    """The Stoic reading."""

    score: Share
    label: Literal["exemplary_stoic", "stoic", "mixed", "non_stoic"]
    dichotomy_of_control: Control
    virtue_scores: Virtues
    memento_mori: Share
    amor_fati: Share
    scores: dict[str, Share]
    dominant_axes: list[str] = Field(max_length=3)
    severity: Share


class CampbellScores(Answer):
    """How sure the reading of the journey is."""

    stage_confidence: Share
    transformation_potential: Share
    mythic_resonance: Share


class Campbell(Answer):
    """The reading as a hero's journey."""

    score: Share
    label: str
    journey_stage: str
    archetypal_roles: dict[str, str]
    transformation_potential: Share
    mythic_resonance: Share
    active_archetypes: list[str] = Field(max_length=3)
    scores: CampbellScores
    stage_scores: dict[str, Share]
    severity: Share


class Meta(Answer):
    """The three readings."""

    nietzsche: Nietzsche
    aurelius: Aurelius
    campbell: Campbell


class BiasDimensions(Answer):
    """Bias by kind."""

    toxicity: Share
    political: Share
    gender: Share
    racial: Share


class Bias(Answer):
    """How loaded the language is."""

    score: Share
    label: Literal["neutral", "moderate", "high", "extreme"]
    dimensions: BiasDimensions
    loaded: float
    exclamation: float
    shouting: float


class Tau(Answer):
    """How far the reading is to be trusted."""

    score: Share
    risk: Risk
    drift_damping: Share
    archetype_smoothing: Share
    meta_influence: Share
    actions: list[str]


class SafeguardRisk(Answer):
    """Risk of acting on the text."""

    risk_score: Share
    risk_level: Risk
    actions: list[str]


class Term(Answer):
    """A word that counted; offsets are in code points of the text given."""

    term: str
    concepts: list[str]
    start: int
    end: int
    sign: Literal[-1, 1]
    weight: float


class TermInfluence(Answer):
    """How much a word moved the result."""

    term: str
    count: int
    archetype_delta: float
    state_delta: float


class VectorInfluence(Answer):
    """How much a Kindra vector moved the result."""

    id: str
    score: Score
    archetype_delta: float
    state_delta: float


class Influence(Answer):
    """What moved the result: probability now minus probability without it."""

    terms: list[TermInfluence]
    vectors: list[VectorInfluence]


class Stages(Answer):
    """What each stage passed on: evidence, caution from bias, archetypes, columns, doubts."""

    evidence_archetypes: dict[str, Share]
    evidence_columns: dict[str, Share]
    caution: dict[str, Share]
    base_delta12: dict[str, Share]
    modulated_delta12: dict[str, Share]
    base_columns: dict[str, Share]
    evolved_columns: dict[str, Share]
    tau_features: dict[str, Share]


class Explanation(Answer):
    """Only with the option `explain`."""

    terms: list[Term]
    influence: Influence
    stages: Stages


class Signal(Answer):
    """Everything read out of one text. The same text, options and data give the same bytes."""

    signal_id: str = Field(pattern=r"^[0-9a-f]{64}$")
    version: str
    data_version: str
    language: Literal["en", "pt", "und"]
    abstained: bool
    abstain_reason: Literal["empty", "no_evidence", "too_little_evidence"] | None
    archetype: str | None = Field(description="Most probable archetype; null when abstained")
    delta_state: str | None = Field(description="Most probable Δ144 state; null when abstained")
    tw_regime: Regime
    kindra_distribution: dict[str, Share] = Field(description="Sums to 1, or is empty")
    bias_score: Share
    bias_label: Literal["neutral", "moderate", "high", "extreme"]
    meta_modifiers: MetaModifiers
    confidence: Share
    explanation: str
    narrative_risk: Literal["low", "medium", "high", "critical"] | None
    evidence: Evidence
    delta12: dict[str, Share]
    delta144: list[Share] = Field(min_length=144, max_length=144)
    state: State | None
    top_states: list[TopState]
    polarities: dict[str, Share]
    kindra: Kindra
    tw: Tw
    meta: Meta
    bias: Bias
    tau: Tau
    safeguard: SafeguardRisk
    explain: Explanation | None = None
