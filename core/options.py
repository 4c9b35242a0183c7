"""What a caller may say about a text: language, context, TW369 profile, explanation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any, Literal, get_args

Language = Literal["auto", "en", "pt"]
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

LANGUAGES: tuple[str, ...] = get_args(Language)
TW_PROFILES: tuple[str, ...] = get_args(TwProfile)
SECTORS: tuple[str, ...] = get_args(Sector)
MEDIA_TONES: tuple[str, ...] = get_args(MediaTone)
CHANNELS: tuple[str, ...] = get_args(Channel)
SENTIMENTS: tuple[str, ...] = get_args(Sentiment)
STRUCTURE = ("institutional_strength", "power_concentration", "regulatory_stability")
MAXIMUM_STEPS = 10


class OptionsError(ValueError):
    """An option is unknown or has a value that is not allowed."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


def _one_of(field: str, value: Any, allowed: tuple[str, ...], *, optional: bool = True) -> None:
    if value is None and optional:
        return
    if value not in allowed:
        raise OptionsError(field, f"must be one of {', '.join(allowed)}")


def _country(value: Any) -> None:
    if value is None:
        return
    if not (isinstance(value, str) and re.fullmatch("[A-Z]{2}", value)):
        raise OptionsError("context.country", "must be two capital letters")


def _whole(field: str, value: Any, low: int, high: int) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not (whole and low <= value <= high):
        raise OptionsError(field, f"must be a whole number from {low} to {high}")


def _flag(field: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise OptionsError(field, "must be true or false")


def _unit_interval(field: str, value: Any) -> None:
    if value is None:
        return
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (number and 0.0 <= value <= 1.0):
        raise OptionsError(field, "must be a number from 0 to 1")


@dataclass(frozen=True, slots=True)
class Context:
    """What is known about the origin of a text; `None` means not known and changes nothing."""

    country: str | None = None
    sector: Sector | None = None
    media_tone: MediaTone | None = None
    channel: Channel | None = None
    sentiment: Sentiment | None = None
    sentiment_intensity: float | None = None
    institutional_strength: float | None = None
    power_concentration: float | None = None
    regulatory_stability: float | None = None

    def __post_init__(self) -> None:
        _country(self.country)
        _one_of("context.sector", self.sector, SECTORS)
        _one_of("context.media_tone", self.media_tone, MEDIA_TONES)
        _one_of("context.channel", self.channel, CHANNELS)
        _one_of("context.sentiment", self.sentiment, SENTIMENTS)
        for name in ("sentiment_intensity", *STRUCTURE):
            value = getattr(self, name)
            _unit_interval(f"context.{name}", value)
            if value is not None:
                object.__setattr__(self, name, float(value))


@dataclass(frozen=True, slots=True)
class Options:
    """How a text is read. Equal options give equal signals."""

    language: Language = "auto"
    context: Context = Context()
    tw_profile: TwProfile = "default"
    steps: int = 1
    explain: bool = False

    def __post_init__(self) -> None:
        _one_of("language", self.language, LANGUAGES, optional=False)
        _one_of("tw_profile", self.tw_profile, TW_PROFILES, optional=False)
        _whole("steps", self.steps, 1, MAXIMUM_STEPS)
        _flag("explain", self.explain)

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Options:
        """Return the options of a JSON object; `OptionsError` for unknown keys or bad values."""
        members = dict(values)
        context = members.pop("context", None)
        if context is not None and not isinstance(context, Mapping):
            raise OptionsError("context", "must be an object")
        _known(cls, members, "")
        _known(Context, context or {}, "context.")
        return cls(context=Context(**(context or {})), **members)

    def canonical(self) -> str:
        """Return one string that is equal exactly for equal options."""
        return _canonical(self)


def _known(kind: type, members: Mapping[str, Any], prefix: str) -> None:
    names = {field.name for field in fields(kind)}
    for key in members:
        if key not in names:
            raise OptionsError(f"{prefix}{key}", "is not an option")


@lru_cache(maxsize=256)
def _canonical(options: Options) -> str:
    return repr(asdict(options))
