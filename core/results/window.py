"""The shape of a window's result."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict


class TracyWidomResult(TypedDict):
    """The largest eigenvalue of a window against the Tracy-Widom law (beta = 1)."""

    rows: int
    columns: int
    lambda_max: float
    mu: float
    sigma: float
    statistic: float
    f1: float
    quantile_95: float
    quantile_99: float


class Trend(TypedDict):
    """Least-squares slope of the index, mean second difference, and the direction in a word."""

    slope: float
    acceleration: float
    direction: Literal["rising", "falling", "flat"]


class ArchetypeShare(TypedDict):
    """How often an archetype leads."""

    id: str
    share: float


class StoryResult(TypedDict):
    """The arc over several texts."""

    dominant_stage: str | None
    stage_scores: dict[str, float]
    stages: list[str | None]
    coherence: float
    stability: float
    regime_stability: float
    archetype_transitions: int
    dominant_archetypes: list[ArchetypeShare]
    turning_points: list[int]
    trend: Trend


class WindowItem(TypedDict):
    """One text of a window."""

    signal_id: str
    abstained: bool
    archetype: str | None
    delta_state: str | None
    index: float
    tw_regime: str
    journey_stage: str | None
    drift: float
    wording_drift: float


class WindowSignal(TypedDict):
    """The reading of several texts in time order."""

    window_id: str
    version: str
    data_version: str
    count: int
    index: float
    index_source: str
    tw_regime: str
    tracy_widom: TracyWidomResult | None
    story: StoryResult
    delta12: dict[str, float]
    items: list[WindowItem]
