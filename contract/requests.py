"""Bodies of requests."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, JsonValue

from contract.base import Strict
from contract.options import Options

BOARD = (
    "We raise our guidance for the year. The board fears the risk, yet the founders dare to "
    "rebuild the company, and the new plant may begin to deliver next quarter."
)
TREATY = (
    "The ministers broke off the talks and closed the border. The old alliance is in crisis, "
    "while its people hope that order returns."
)
REVIEW = (
    "I love how quiet this kettle is, but the handle broke after a week and the support never "
    "answered. I regret that I trusted the brand."
)
QUARREL = "You are all idiots and liars! Everybody knows that people like you always ruin it."

LONGEST_TEXT = 50_000
MOST_TEXTS = 1_000

Text = Annotated[
    str,
    Field(
        max_length=LONGEST_TEXT,
        description="Text to read, in English or Portuguese; one without evidence abstains",
        examples=[BOARD],
    ),
]
Texts = Annotated[list[Text], Field(min_length=1, max_length=MOST_TEXTS)]
Label = Annotated[str, Field(min_length=1, max_length=100)]


def example(**values: JsonValue) -> ConfigDict:
    """Configuration of a request that documents an example of it."""
    return ConfigDict(json_schema_extra={"examples": [values]})


class SignalRequest(Strict):
    """One text."""

    model_config = example(text=BOARD, options={"language": "en"})

    text: Text
    options: Options = Field(default_factory=Options, description="How the text is read")


class BatchRequest(Strict):
    """Several texts, each read by itself."""

    model_config = example(texts=[BOARD, TREATY, REVIEW])

    texts: Texts = Field(description="Texts; the answers keep their order")
    options: Options = Field(default_factory=Options, description="How the texts are read")


class WindowRequest(Strict):
    """Several texts of one story, oldest first."""

    model_config = example(texts=[TREATY, BOARD, REVIEW])

    texts: Texts = Field(description="Texts in the order of time")
    options: Options = Field(default_factory=Options, description="How the texts are read")


class AlphaRequest(SignalRequest):
    """An earnings call or the like."""

    model_config = example(text=BOARD, ticker="KLDR3", quarter="2026Q3")

    ticker: Annotated[str, Field(pattern=r"^[A-Z0-9.\-]{1,10}$")] | None = Field(
        None, description="Ticker of the company", examples=["KLDR3"]
    )
    quarter: Annotated[str, Field(pattern=r"^[0-9]{4}-?Q[1-4]$")] | None = Field(
        None, description="Quarter, such as 2026Q3", examples=["2026Q3"]
    )


class GeoRequest(SignalRequest):
    """A geopolitical text."""

    model_config = example(text=TREATY, region="Atlantic", source="news")

    region: Label | None = Field(None, description="Region it tells of", examples=["Atlantic"])
    source: Literal["news", "social", "report"] | None = Field(None, description="Kind of source")


class ProductRequest(SignalRequest):
    """What people say of a product."""

    model_config = example(text=REVIEW, product_id="kettle-2", category="kitchen", channel="review")

    product_id: Label | None = Field(None, description="The product", examples=["kettle-2"])
    category: Label | None = Field(None, description="Its category", examples=["kitchen"])
    channel: Literal["review", "social", "support"] | None = Field(
        None, description="Where it was said"
    )


class SafeguardRequest(SignalRequest):
    """A text whose risk is to be judged."""

    model_config = example(text=QUARREL, source="chat")

    source: Literal["chat", "social", "internal_doc"] | None = Field(
        None, description="Kind of source"
    )


APPLICATIONS: dict[str, type[SignalRequest]] = {
    "alpha": AlphaRequest,
    "geo": GeoRequest,
    "product": ProductRequest,
    "safeguard": SafeguardRequest,
}
