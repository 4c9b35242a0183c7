"""The signal: what the kernel reads out of one text."""

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import NotRequired, TypedDict  # noqa: UP035 - pydantic, below Python 3.12

from contract.base import Answer, Plane, Score, Share, deferred

Regime = Literal["STABLE", "CRITICAL", "UNSTABLE"]
Risk = Literal["LOW", "MID", "HIGH", "CRITICAL"]
RiskWord = Literal["low", "medium", "high", "critical"]
BiasLabel = Literal["neutral", "moderate", "high", "extreme"]
Morality = Literal["master", "slave", "mixed"]
StoicLabel = Literal["exemplary_stoic", "stoic", "mixed", "non_stoic"]
AbstainReason = Literal["empty", "no_evidence", "too_little_evidence"]
Language = Literal["en", "pt", "und"]
PerArchetype = Annotated[
    list[Annotated[float, Field(ge=-0.1, le=2.1)]], Field(min_length=12, max_length=12)
]


class Evidence(Answer):
    """How much of the text says anything to the kernel."""

    tokens: int
    matched: int
    hits: int
    coverage: Share


class MetaModifiers(Answer):
    """The three operators over the twelve archetypes."""

    strength: PerArchetype
    journey: PerArchetype
    discipline: PerArchetype


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
    """The most probable of the 144 states; `tied_with` are those less than 0.001 behind."""

    id: str
    index: Annotated[int, Field(ge=0, le=143)]
    archetype_id: str
    column: Annotated[int, Field(ge=1, le=12)]
    label: Bilingual
    profile: str
    plane: Plane
    probability: Share
    modifiers: list[Modifier]
    tied_with: list[str]


class TopState(Answer):
    """One of the most probable states."""

    id: str
    index: Annotated[int, Field(ge=0, le=143)]
    probability: Share


Planes = TypedDict("Planes", {"3": Share, "6": Share, "9": Share})
"""One number for each plane."""


class Kindra(Answer):
    """Kindra vectors with evidence, and their weight by plane."""

    scores: dict[str, Score]
    planes: Planes


class Drift(Answer):
    """Flow between the planes."""

    plane3_to_6: Score
    plane6_to_9: Score
    plane9_to_3: Score


class Tw(Answer):
    """TW369: tension, drift and regime."""

    tension: Planes
    severity: Share
    drift: Drift
    drift_metric: Annotated[float, Field(ge=0, le=0.333334)]
    index: Share
    index_source: Literal["single_text"]
    regime: Regime
    profile: str
    steps: int
    damping: Share


class Nietzsche(Answer):
    """The reading by will and values."""

    score: Share
    label: str
    will_to_power: Share
    morality_type: Morality
    eternal_return: Share
    transcendence: Share
    scores: dict[str, Share]
    dominant_axes: Annotated[list[str], Field(max_length=3)]
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
    label: StoicLabel
    dichotomy_of_control: Control
    virtue_scores: Virtues
    memento_mori: Share
    amor_fati: Share
    scores: dict[str, Share]
    dominant_axes: Annotated[list[str], Field(max_length=3)]
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
    active_archetypes: Annotated[list[str], Field(max_length=3)]
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
    label: BiasLabel
    dimensions: BiasDimensions
    loaded: Share
    exclamation: Share
    shouting: Share


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
    weight: Annotated[float, Field(ge=0.5, le=1.5)]


class TermInfluence(Answer):
    """How much a word moved the result."""

    term: str
    count: int
    archetype_delta: Score
    state_delta: Score


class VectorInfluence(Answer):
    """How much a Kindra vector moved the result."""

    id: str
    score: Score
    archetype_delta: Score
    state_delta: Score


class Influence(Answer):
    """What moved the result: probability now minus probability without it."""

    terms: list[TermInfluence]
    vectors: list[VectorInfluence]


class StageResults(Answer):
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
    stages: StageResults


@deferred
class Signal(Answer):
    """Everything read out of one text. The same text, options and data give the same bytes."""

    signal_id: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    version: str
    data_version: str
    language: Language
    abstained: bool
    abstain_reason: AbstainReason | None
    archetype: Annotated[
        str | None, Field(description="Most probable archetype; null when abstained")
    ]
    delta_state: Annotated[
        str | None, Field(description="Most probable Δ144 state; null when abstained")
    ]
    tw_regime: Regime
    kindra_distribution: Annotated[dict[str, Share], Field(description="Sums to 1, or is empty")]
    bias_score: Share
    bias_label: BiasLabel
    meta_modifiers: MetaModifiers
    confidence: Share
    explanation: str
    narrative_risk: RiskWord | None
    evidence: Evidence
    delta12: dict[str, Share]
    delta144: Annotated[list[Share], Field(min_length=144, max_length=144)]
    state: State | None
    top_states: list[TopState]
    polarities: dict[str, Share]
    kindra: Kindra
    tw: Tw
    meta: Meta
    bias: Bias
    tau: Tau
    safeguard: SafeguardRisk
    explain: NotRequired[Explanation]
