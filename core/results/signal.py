"""The shape of a signal. A plain dict at run time; every float has six decimals."""

from __future__ import annotations

from typing import Literal

from typing_extensions import NotRequired, TypedDict  # noqa: UP035 - pydantic needs this one below Python 3.12

Regime = Literal["STABLE", "CRITICAL", "UNSTABLE"]
Level = Literal["LOW", "MID", "HIGH", "CRITICAL"]


class LabelText(TypedDict):
    """A name in both languages."""

    en: str
    pt: str


class EvidenceSummary(TypedDict):
    """How much of the text the lexicons knew."""

    tokens: int
    matched: int
    hits: int
    coverage: float


class ModifierScore(TypedDict):
    """A modifier in force and why: the state's default, or evidence in the text."""

    id: str
    score: float
    source: Literal["default", "evidence"]


class StateResult(TypedDict):
    """The most probable of the 144 states."""

    id: str
    index: int
    archetype_id: str
    column: int
    label: LabelText
    profile: str
    plane: str
    probability: float
    modifiers: list[ModifierScore]


class RankedState(TypedDict):
    """A state with its probability."""

    id: str
    index: int
    probability: float


class KindraResult(TypedDict):
    """Vectors with evidence, keyed layer.id, and each plane's share of all |score|."""

    scores: dict[str, float]
    planes: dict[str, float]


class TwResult(TypedDict):
    """TW369: tension per plane, severity, drift, regime."""

    tension: dict[str, float]
    severity: float
    drift: dict[str, float]
    drift_metric: float
    index: float
    index_source: str
    regime: str
    profile: str
    steps: int
    damping: float


class NietzscheResult(TypedDict):
    """The Nietzsche reading."""

    score: float
    label: str
    will_to_power: float
    morality_type: str
    eternal_return: float
    transcendence: float
    scores: dict[str, float]
    dominant_axes: list[str]
    severity: float


class AureliusResult(TypedDict):
    """The Aurelius reading."""

    score: float
    label: str
    dichotomy_of_control: dict[str, float]
    virtue_scores: dict[str, float]
    memento_mori: float
    amor_fati: float
    scores: dict[str, float]
    dominant_axes: list[str]
    severity: float


class CampbellResult(TypedDict):
    """The Campbell reading."""

    score: float
    label: str
    journey_stage: str
    archetypal_roles: dict[str, str]
    transformation_potential: float
    mythic_resonance: float
    active_archetypes: list[str]
    scores: dict[str, float]
    stage_scores: dict[str, float]
    severity: float


class MetaResult(TypedDict):
    """The three readings."""

    nietzsche: NietzscheResult
    aurelius: AureliusResult
    campbell: CampbellResult


class MetaModifiers(TypedDict):
    """Operators over Δ12: strength v+1.1(v-mean), journey v(1+0..0.5), discipline .8v+.2mean."""

    strength: list[float]
    journey: list[float]
    discipline: list[float]


class BiasResult(TypedDict):
    """Bias and its parts."""

    score: float
    label: str
    dimensions: dict[str, float]
    loaded: float
    exclamation: float
    shouting: float


class TauResult(TypedDict):
    """Tau: how far the reading can be trusted, and what follows."""

    score: float
    risk: str
    drift_damping: float
    archetype_smoothing: float
    meta_influence: float
    actions: list[str]


class SafeguardLevelResult(TypedDict):
    """The safeguard's risk."""

    risk_score: float
    risk_level: str
    actions: list[str]


class TermSpan(TypedDict):
    """A matched term: where it stands in the text as given, what it means, how it counts."""

    term: str
    concepts: list[str]
    start: int
    end: int
    sign: int
    weight: float


class TermInfluence(TypedDict):
    """How much the winner's probability would fall without a term."""

    term: str
    count: int
    archetype_delta: float
    state_delta: float


class VectorInfluence(TypedDict):
    """How much the winner's probability would fall without a vector."""

    id: str
    score: float
    archetype_delta: float
    state_delta: float


class Influence(TypedDict):
    """Terms and vectors by the size of their influence."""

    terms: list[TermInfluence]
    vectors: list[VectorInfluence]


class StageResults(TypedDict):
    """What each stage passed on: strengths of evidence, caution from bias, Δ12 and the columns.

    `caution` is tau of bias alone, as it damped the drift and smoothed the archetypes;
    `tau_features` are what the final tau weighs.
    """

    evidence_archetypes: dict[str, float]
    evidence_columns: dict[str, float]
    caution: dict[str, float]
    base_delta12: dict[str, float]
    modulated_delta12: dict[str, float]
    base_columns: dict[str, float]
    evolved_columns: dict[str, float]
    tau_features: dict[str, float]


class Explanation(TypedDict):
    """What moved the result."""

    terms: list[TermSpan]
    influence: Influence
    stages: StageResults


class Signal(TypedDict):
    """The reading of one text."""

    signal_id: str
    version: str
    data_version: str
    language: str
    abstained: bool
    abstain_reason: str | None
    archetype: str | None
    delta_state: str | None
    tw_regime: str
    kindra_distribution: dict[str, float]
    bias_score: float
    bias_label: str
    meta_modifiers: MetaModifiers
    confidence: float
    explanation: str
    narrative_risk: str | None
    evidence: EvidenceSummary
    delta12: dict[str, float]
    delta144: list[float]
    state: StateResult | None
    top_states: list[RankedState]
    polarities: dict[str, float]
    kindra: KindraResult
    tw: TwResult
    meta: MetaResult
    bias: BiasResult
    tau: TauResult
    safeguard: SafeguardLevelResult
    explain: NotRequired[Explanation]
