"""The arc over several texts: stages, coherence, stability, turning points, trend."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from contract.signal import Signal
from contract.window import Direction, DominantArchetype, Story, Trend
from core.encoding import number
from core.model import Floats, Model
from core.vocabulary.records import READING_IDS

ROLE_POINTS = 2.0
STAGE_OF_ROLE = {
    "CREATOR": "CALL_TO_ADVENTURE",
    "MENTOR": "MEETING_MENTOR",
    "SHAPESHIFTER": "RESURRECTION",
    "HERO": "TESTS_ALLIES_ENEMIES",
    "HERALD": "CALL_TO_ADVENTURE",
    "ALLY": "RETURN_WITH_ELIXIR",
    "THRESHOLD_GUARDIAN": "CROSSING_THRESHOLD",
    "SHADOW": "ORDEAL",
    "LOVER": "REWARD",
    "INNOCENT": "ORDINARY_WORLD",
    "TRICKSTER": "TESTS_ALLIES_ENEMIES",
    "ORACLE": "APPROACH_INMOST_CAVE",
}
"""The stage at which the journey meets each role."""

TREND_BOUND = 0.01
TURN_BOUND = 0.15
LEADING = 3


def arc(model: Model, signals: Sequence[Signal]) -> Story:
    """Return the arc over `signals`; texts that abstain are passed over."""
    places = [place for place, signal in enumerate(signals) if not signal["abstained"]]
    spoken = [signals[place] for place in places]
    leaders = list(map(_leader, spoken))
    scores = stage_scores(model, spoken)
    regimes = [signal["tw_regime"] for signal in spoken]
    return {
        "dominant_stage": max(scores, key=lambda name: scores[name]) if spoken else None,
        "stage_scores": {name: number(score) for name, score in scores.items()},
        "stages": [
            None if s["abstained"] else s["meta"]["campbell"]["journey_stage"] for s in signals
        ],
        "coherence": number(coherence(spoken, scores)) if spoken else 0.0,
        "stability": number(stability([s["delta144"] for s in spoken])),
        "regime_stability": number(1.0 - _changes(regimes) / max(1, len(regimes) - 1)),
        "archetype_transitions": _changes(leaders),
        "dominant_archetypes": _dominant(leaders),
        "turning_points": [places[turn] for turn in turning_points(drifts(spoken))],
        "trend": trend([signal["tw"]["index"] for signal in spoken]),
    }


def stage_scores(model: Model, spoken: Sequence[Signal]) -> dict[str, float]:
    """Return each stage's share: evidence in the words counts 1, the leader's role counts 2."""
    roles: dict[str, str] = {a.id: a.journey_role for a in model.vocabulary.archetypes}
    points = dict.fromkeys(READING_IDS["campbell"], 0.0)
    for signal in spoken:
        for name, score in signal["meta"]["campbell"]["stage_scores"].items():
            points[name] += score
        leader = _leader(signal)
        weight = ROLE_POINTS * signal["delta12"][leader] * signal["confidence"]
        points[STAGE_OF_ROLE[roles[leader]]] += weight
    total = math.fsum(points.values())
    return {name: value / total if total else 0.0 for name, value in points.items()}


def coherence(spoken: Sequence[Signal], scores: Mapping[str, float]) -> float:
    """Return 0.4 * steadiness of the leader + 0.3 * smooth polarities + 0.3 * dominant stage.

    `scores` are the `stage_scores` of `spoken`.
    """
    steps = max(1, len(spoken) - 1)
    polarities = np.array([list(signal["polarities"].values()) for signal in spoken])
    moves = np.abs(np.diff(polarities, axis=0))
    smoothness = 1.0 - (float(moves.mean()) if moves.size else 0.0)
    steadiness = 1.0 - _changes(list(map(_leader, spoken))) / steps
    return 0.4 * steadiness + 0.3 * smoothness + 0.3 * max(scores.values())


def stability(rows: Sequence[Sequence[float]]) -> float:
    """Return 1 / (1 + mean L2 distance between successive distributions); 1 below two."""
    if len(rows) < 2:
        return 1.0
    steps = np.linalg.norm(np.diff(np.array(rows), axis=0), axis=1)
    return 1.0 / (1.0 + float(steps.mean()))


def drifts(signals: Sequence[Signal]) -> list[float]:
    """Return the L2 distance of each text's Δ144 from the text before it (0 for the first)."""
    rows = np.array([signal["delta144"] for signal in signals]).reshape(-1, 144)
    steps = np.linalg.norm(np.diff(rows, axis=0), axis=1)
    return [0.0, *(number(step) for step in steps.tolist())][: len(signals)]


def turning_points(moved: Sequence[float]) -> list[int]:
    """Return the positions whose drift exceeds its neighbours and 0.15."""
    padded = [*moved, 0.0]
    return [
        i
        for i in range(1, len(moved))
        if moved[i] > TURN_BOUND and moved[i] >= padded[i - 1] and moved[i] >= padded[i + 1]
    ]


def trend(indices: Sequence[float]) -> Trend:
    """Return the least-squares slope of the index, its mean second difference, a word for it."""
    values: Floats = np.array(indices, dtype=np.float64)
    slope = acceleration = 0.0
    if len(values) >= 2:
        place = np.arange(len(values)) - (len(values) - 1) / 2.0
        slope = float((place * values).sum() / (place * place).sum())
    if len(values) >= 3:
        acceleration = float(np.diff(values, n=2).mean())
    slope = number(slope)
    direction: Direction = "rising" if slope > 0 else "falling"
    if abs(slope) < TREND_BOUND:
        direction = "flat"
    return {"slope": slope, "acceleration": number(acceleration), "direction": direction}


def _leader(signal: Signal) -> str:
    """Return the archetype of a signal that does not abstain."""
    return signal["archetype"] or ""


def _changes(values: Sequence[str]) -> int:
    return sum(a != b for a, b in pairwise(values))


def _dominant(leaders: Sequence[str]) -> list[DominantArchetype]:
    order = sorted(Counter(leaders).items(), key=lambda item: (-item[1], item[0]))
    return [{"id": name, "share": number(count / len(leaders))} for name, count in order[:LEADING]]
