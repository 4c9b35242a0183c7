"""The story that several texts tell together."""

from typing import Annotated, Literal

from pydantic import Field

from contract.base import Answer, Share, deferred
from contract.signal import Regime


class TracyWidom(Answer):
    """How correlated the archetypes are: the largest eigenvalue beside the Tracy-Widom law."""

    rows: int
    columns: int
    lambda_max: float
    mu: float
    sigma: float
    statistic: float
    f1: Share
    quantile_95: float
    quantile_99: float


class MovedShare(Answer):
    """Mean probability of an archetype or column before and after the split."""

    id: str
    before: Share
    after: Share


SeenIn = Literal["states", "wording"]


class Drift(Answer):
    """Permutation test for one change of mean; `split` is the first text after it, from 0.

    `seen_in` names the rows that show the change most: states, or the wording of the texts.
    """

    texts: int
    permutations: int
    statistic: float
    p_value: Share
    split: int
    seen_in: SeenIn
    moved: list[MovedShare]
    reason: str


class DominantArchetype(Answer):
    """An archetype and its share of the texts."""

    id: str
    share: Share


Direction = Literal["rising", "falling", "flat"]


class Trend(Answer):
    """Where the index goes."""

    slope: Annotated[float, Field(ge=-4, le=4)]
    acceleration: Annotated[float, Field(ge=-4, le=4)]
    direction: Direction


class Story(Answer):
    """The arc over the texts."""

    dominant_stage: str | None
    stage_scores: dict[str, Share]
    stages: list[str | None]
    coherence: Share
    stability: Share
    regime_stability: Share
    archetype_transitions: int
    dominant_archetypes: list[DominantArchetype]
    turning_points: list[int]
    trend: Trend


class WindowItem(Answer):
    """One text of the window, in short."""

    signal_id: str
    abstained: bool
    archetype: str | None
    delta_state: str | None
    index: Share
    tw_regime: Regime
    journey_stage: str | None
    drift: Annotated[float, Field(ge=0, le=1.414214)]
    wording_drift: Share


@deferred
class WindowAnswer(Answer):
    """Several texts, read as one story."""

    window_id: str
    version: str
    data_version: str
    count: int
    index: Share
    index_source: Literal["drift_test", "mean_of_texts"]
    tw_regime: Regime
    drift: Drift | None
    tracy_widom: TracyWidom | None
    story: Story
    delta12: dict[str, Share]
    items: list[WindowItem]
