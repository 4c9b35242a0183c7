"""Bodies of requests, and the kernel's options in them."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from core import options as kernel
from core.options import MAXIMUM_STEPS, Channel, Language, MediaTone, Sector, Sentiment, TwProfile

LONGEST_TEXT = 50_000
MOST_TEXTS = 1_000

Text = Annotated[
    str,
    Field(
        max_length=LONGEST_TEXT,
        description="Text to read, in English or Portuguese; one without evidence abstains",
        examples=["The board fears the risk, yet the founders dare to rebuild the company."],
    ),
]
Texts = Annotated[list[Text], Field(min_length=1, max_length=MOST_TEXTS)]
Share = Annotated[float, Field(ge=0, le=1)]
Label = Annotated[str, Field(min_length=1, max_length=100)]


def _whole(value: object) -> object:
    """Read 2.0 as 2: JSON knows no difference."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Steps = Annotated[int, Field(ge=1, le=MAXIMUM_STEPS), BeforeValidator(_whole)]


class Strict(BaseModel):
    """Refuses fields it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Context(Strict):
    """Where a text comes from."""

    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    sector: Sector | None = None
    media_tone: MediaTone | None = None
    channel: Channel | None = None
    sentiment: Sentiment | None = None
    sentiment_intensity: Share | None = None
    institutional_strength: Share | None = None
    power_concentration: Share | None = None
    regulatory_stability: Share | None = None


class Options(Strict):
    """How a text is read."""

    language: Language = "auto"
    context: Context = Field(default_factory=Context)
    tw_profile: TwProfile = "default"
    steps: Steps = 1
    explain: bool = False

    def for_kernel(self) -> kernel.Options:
        """The same as the kernel takes it."""
        values = self.model_dump(exclude={"context"})
        return kernel.Options(context=kernel.Context(**self.context.model_dump()), **values)


class SignalRequest(Strict):
    """One text."""

    text: Text
    options: Options = Field(default_factory=Options)


class BatchRequest(Strict):
    """Several texts, each read by itself."""

    texts: Texts
    options: Options = Field(default_factory=Options)


class WindowRequest(Strict):
    """Several texts of one story, oldest first."""

    texts: Texts
    options: Options = Field(default_factory=Options)


class AlphaRequest(SignalRequest):
    """An earnings call or the like."""

    ticker: Annotated[str, Field(pattern=r"^[A-Z0-9.\-]{1,10}$")] | None = None
    quarter: Annotated[str, Field(pattern=r"^[0-9]{4}-?Q[1-4]$")] | None = None


class GeoRequest(SignalRequest):
    """A geopolitical text."""

    region: Label | None = None
    source: Literal["news", "social", "report"] | None = None


class ProductRequest(SignalRequest):
    """What people say of a product."""

    product_id: Label | None = None
    category: Label | None = None
    channel: Literal["review", "social", "support"] | None = None


class SafeguardRequest(SignalRequest):
    """A text whose risk is to be judged."""

    source: Literal["chat", "social", "internal_doc"] | None = None
