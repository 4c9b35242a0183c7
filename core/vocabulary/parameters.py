"""Context rules and the parameters of TW369."""

import math
from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, Field, model_validator

from contract.base import Plane, Share, Strict
from contract.options import MAXIMUM_STEPS, Channel, MediaTone, Sector, Sentiment, TwProfile
from core.vocabulary.base import PLANES, File, every, fault, reference
from core.vocabulary.records import ARCHETYPE_IDS, ArchetypeId

Domain = Literal["ALPHA", "GEO", "PRODUCT", "SAFEGUARD", "DEFAULT"]
SMALLEST_WINDOW = 3
"""The Tracy-Widom law is scaled by the square root of two texts less."""

Additions = dict[
    Annotated[str, reference("kindras", "the Kindra files")],
    Annotated[float, Field(ge=-1, le=1)],
]
"""Kindra key → what is added to its score."""


class IntenseSentiment(Strict):
    """Additions for a sentiment of at least this intensity."""

    threshold: Share
    adds: Additions


class Levels(Strict):
    """Additions where a structure is strong, and where it is weak."""

    high: Additions
    low: Additions


class Structure(Strict):
    """Additions for what is known of the institutions around a text."""

    institutional_strength: Levels
    power_concentration: Levels
    regulatory_stability: Levels


class StructureThresholds(Strict):
    """From which value a structure is strong, and up to which it is weak."""

    high: Share
    low: Share


class ContextRules(File):
    """`context_rules.json`: additions to Kindra scores from what is known of a text's origin."""

    schema_: Literal["kaldra.context_rules/1"] = Field(alias="schema")
    country: dict[Annotated[str, Field(pattern=r"^[A-Z]{2}$")], Additions]
    sector: Annotated[dict[Sector, Additions], every(get_args(Sector))]
    media_tone: Annotated[dict[MediaTone, Additions], every(get_args(MediaTone))]
    channel: Annotated[dict[Channel, Additions], every(get_args(Channel))]
    podcast_tone: dict[MediaTone, Additions]
    sentiment: Annotated[dict[Sentiment, Additions], every(get_args(Sentiment))]
    intense_sentiment: IntenseSentiment
    structure: Structure
    structure_thresholds: StructureThresholds


class TensionParameters(Strict):
    """How the tension of a plane is measured."""

    mean_weight: Share
    deviation_weight: Share
    gain: float = Field(ge=1, le=5)


class TwProfileParameters(Strict):
    """One parameter set of TW369."""

    lam: float = Field(alias="lambda", ge=0.01, le=10)
    damping: Share
    min_factor: float = Field(ge=0.01, le=1)
    severity_cap: Share


class RegimeBounds(Strict):
    """Bounds of the regimes on the index."""

    stable_below: Share
    unstable_above: Share

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.unstable_above < self.stable_below:
            raise fault("must not be less than stable_below", "unstable_above")
        return self


class Calibration(Strict):
    """How an archetype responds to drift: strength, own plane, tolerance."""

    alpha: Share
    plane: Plane
    tolerance: Share


def _sum_to_one(weights: dict[str, float]) -> dict[str, float]:
    if round(math.fsum(weights.values()), 9) != 1.0:
        raise fault("the three plane weights must sum to 1")
    return weights


PlaneWeights = Annotated[dict[Plane, Share], every(PLANES), AfterValidator(_sum_to_one)]


class TwParameters(File):
    """`tw369.json`: all parameters of TW369."""

    schema_: Literal["kaldra.tw369/1"] = Field(alias="schema")
    tension: TensionParameters
    profiles: Annotated[dict[TwProfile, TwProfileParameters], every(get_args(TwProfile))]
    regime: RegimeBounds
    max_steps: int = Field(ge=MAXIMUM_STEPS, le=MAXIMUM_STEPS)
    window_minimum: int = Field(ge=SMALLEST_WINDOW, le=1000)
    domains: Annotated[dict[Domain, PlaneWeights], every(get_args(Domain))]
    archetypes: Annotated[dict[ArchetypeId, Calibration], every(ARCHETYPE_IDS)]
