"""How a text is read: language, where it comes from, TW369 profile, explanation."""

from functools import lru_cache
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from contract.base import Share, Strict

TwProfile = Literal["default", "conservative_v1", "exploratory_v1"]
Sector = Literal[
    "tech",
    "finance",
    "banking",
    "energy",
    "oil_gas",
    "healthcare",
    "pharma",
    "retail",
    "consumer",
    "industrial",
    "manufacturing",
]
MediaTone = Literal["sensational", "alarmist", "analytical", "neutral", "opinionated", "editorial"]
Channel = Literal[
    "social",
    "twitter",
    "x",
    "tiktok",
    "instagram",
    "newspaper",
    "print",
    "tv_news",
    "cable_news",
    "radio",
    "podcast",
    "blog",
]
Sentiment = Literal["positive", "negative"]
MAXIMUM_STEPS = 10


def _whole(value: object) -> object:
    """Read 2.0 as 2: JSON knows no difference."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Steps = Annotated[int, Field(ge=1, le=MAXIMUM_STEPS), BeforeValidator(_whole)]


class Context(Strict):
    """Where a text comes from; each known fact moves some Kindra vectors by a fixed amount."""

    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = Field(
        None, description="ISO 3166 code, such as BR", examples=["BR"]
    )
    sector: Sector | None = Field(None, description="Sector of the economy")
    media_tone: MediaTone | None = Field(None, description="Tone of the medium")
    channel: Channel | None = Field(None, description="Kind of medium")
    sentiment: Sentiment | None = Field(None, description="Overall sentiment, where it is known")
    sentiment_intensity: Share | None = Field(None, description="Strength of the sentiment")
    institutional_strength: Share | None = Field(None, description="Strength of institutions")
    power_concentration: Share | None = Field(None, description="Concentration of power")
    regulatory_stability: Share | None = Field(None, description="Stability of regulation")


class Options(Strict):
    """How a text is read; the defaults suit most."""

    language: Literal["auto", "en", "pt"] = Field("auto", description="Language of the text")
    context: Context = Field(default_factory=Context, description="Where the text comes from")
    tw_profile: TwProfile = Field("default", description="Parameters of the TW369 dynamics")
    steps: Steps = Field(1, description="Steps of evolution")
    explain: bool = Field(
        default=False, description="Also tell which words and vectors moved the result, how much"
    )

    def canonical(self) -> str:
        """Return one string that is equal exactly for equal options."""
        return _canonical(self)


@lru_cache(maxsize=256)
def _canonical(options: Options) -> str:
    return repr(options.model_dump())
