"""Typed records of the vocabulary: what `data/` holds once it has been checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Weights = Mapping[str, float]
"""Concept id → weight (multiples of ¼, so that sums stay exact in any order)."""


@dataclass(frozen=True, slots=True)
class Label:
    """A name in both languages."""

    en: str
    pt: str


@dataclass(frozen=True, slots=True)
class Concept:
    """A field of meaning; lexicons map words to concepts, the vocabulary maps concepts on."""

    id: str
    description: str
    opposite: str | None


@dataclass(frozen=True, slots=True)
class Archetype:
    """One of the twelve figures."""

    id: str
    label: Label
    essence: str
    light: str
    shadow: str
    drives: tuple[str, ...]
    journey_role: str
    stoic_axis: str
    description: str
    evidence: Weights


@dataclass(frozen=True, slots=True)
class Column:
    """One of the twelve ways an archetype can stand (its profile and its TW369 plane)."""

    col: int
    label: Label
    profile: str
    plane: str
    description: str
    allowed_modifiers: tuple[str, ...]
    evidence: Weights


@dataclass(frozen=True, slots=True)
class State:
    """One of the 144 cells; `index` is row-major."""

    id: str
    index: int
    archetype_id: str
    row: int
    col: int
    label: Label
    profile: str
    plane: str
    description: str
    default_modifiers: tuple[str, ...]
    allowed_modifiers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Polarity:
    """A pair of poles; the score 1 is the first-named pole."""

    id: str
    label: Label
    description: str
    dimension: str
    tw_alignment: tuple[str, ...]
    first: Weights
    second: Weights


@dataclass(frozen=True, slots=True)
class Modifier:
    """A colouring of a state."""

    id: str
    label: Label
    category: str
    description: str
    tw_alignment: tuple[str, ...]
    evidence: Weights


@dataclass(frozen=True, slots=True)
class Kindra:
    """One vector of one layer; `key` is `L<layer>.<id>` because the layers share their ids."""

    key: str
    id: str
    layer: int
    domain: str
    plane: str
    name: Label
    definition: str
    high: str
    low: str
    weight: float
    tension_high: float
    tension_low: float
    boost: tuple[str, ...]
    suppress: tuple[str, ...]
    evidence_high: Weights
    evidence_low: Weights


@dataclass(frozen=True, slots=True)
class Layer:
    """A Kindra layer: its plane, the strength of its influence, its 48 vectors."""

    number: int
    name: str
    plane: str
    factor: float
    vectors: tuple[Kindra, ...]


@dataclass(frozen=True, slots=True)
class Axis:
    """One measured axis of a reading, a bias dimension, a metric or a product theme."""

    id: str
    label: Label
    evidence: Weights


@dataclass(frozen=True, slots=True)
class LexiconSource:
    """The words of one language as written in its file (accents and capitals kept)."""

    language: str
    function_words: tuple[str, ...]
    negators: tuple[str, ...]
    intensifiers: tuple[str, ...]
    neutral_phrases: tuple[str, ...]
    terms: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class ContextRules:
    """Additions to Kindra scores from what the caller knows about a text's origin."""

    country: Mapping[str, Weights]
    sector: Mapping[str, Weights]
    media_tone: Mapping[str, Weights]
    channel: Mapping[str, Weights]
    podcast_tone: Mapping[str, Weights]
    sentiment: Mapping[str, Weights]
    intense_threshold: float
    intense_adds: Weights
    structure: Mapping[str, Mapping[str, Weights]]
    structure_high: float
    structure_low: float


@dataclass(frozen=True, slots=True)
class TwProfile:
    """One parameter set of TW369."""

    lam: float
    damping: float
    min_factor: float
    severity_cap: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """How an archetype responds to drift: strength, own plane, tolerance."""

    alpha: float
    plane: str
    tolerance: float


@dataclass(frozen=True, slots=True)
class TwParameters:
    """All parameters of TW369."""

    mean_weight: float
    deviation_weight: float
    gain: float
    profiles: Mapping[str, TwProfile]
    stable_below: float
    unstable_above: float
    window_minimum: int
    domains: Mapping[str, Mapping[str, float]]
    archetypes: Mapping[str, Calibration]


@dataclass(frozen=True, slots=True)
class Readings:
    """The axes of the three meta readings, the bias dimensions, the metrics, the themes."""

    nietzsche: tuple[Axis, ...]
    aurelius: tuple[Axis, ...]
    campbell: tuple[Axis, ...]
    bias: tuple[Axis, ...]
    metrics: tuple[Axis, ...]
    themes: tuple[Axis, ...]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Everything in `data/`, checked."""

    version: str
    concepts: tuple[Concept, ...]
    archetypes: tuple[Archetype, ...]
    columns: tuple[Column, ...]
    states: tuple[State, ...]
    polarities: tuple[Polarity, ...]
    modifiers: tuple[Modifier, ...]
    layers: tuple[Layer, ...]
    readings: Readings
    rules: ContextRules
    tw: TwParameters
    lexicons: Mapping[str, LexiconSource]

    @property
    def kindras(self) -> tuple[Kindra, ...]:
        """All 144 vectors, layer 1 first."""
        return tuple(vector for layer in self.layers for vector in layer.vectors)
