"""From arrays to signals: one dict per text, rounded once."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from contract.options import Options
from contract.signal import (
    AbstainReason,
    Bias,
    Bilingual,
    Drift,
    Meta,
    Modifier,
    Planes,
    Signal,
    State,
    Tau,
    TopState,
    Tw,
)
from core import __version__
from core.assemble_meta import meta_blocks
from core.bias import label
from core.delta144 import leading
from core.encoding import digest, rounded_blocks
from core.kindra import plane_shares
from core.model import Floats, Model
from core.narrate import sentence
from core.pipeline import Stages
from core.reading import Reading
from core.risk import (
    LEVELS,
    NARRATIVE_RISK,
    TAU_ACTIONS,
    TAU_EFFECTS,
    safeguard_actions,
    safeguard_level,
    tau_level,
)
from core.tw369 import regime

TOP_STATES = 5
TIE = 0.001
"""States whose probabilities differ by less are tied."""

MODIFIER_BOUND = 0.35
MODIFIERS_AT_MOST = 4


class _Row(NamedTuple):
    """The rounded numbers of one text."""

    delta144: list[float]
    delta12: list[float]
    polarities: list[float]
    scores: list[float]
    shares: list[float]
    planes: list[float]
    tension: list[float]
    drift: list[float]
    bias: list[float]
    modifiers: list[float]
    strength: list[float]
    journey: list[float]
    discipline: list[float]
    scalars: dict[str, float]
    state: int
    leading: list[int]
    reason: AbstainReason | None


class Assembler:
    """Turns the stages' arrays into signals, with the names looked up once."""

    def __init__(self, model: Model) -> None:
        vocabulary = model.vocabulary
        self._model = model
        self._archetypes = [a.id for a in vocabulary.archetypes]
        self._polarities = [p.id for p in vocabulary.polarities]
        self._modifiers = {m.id: i for i, m in enumerate(vocabulary.modifiers)}
        self._labels: list[Bilingual] = [
            {"en": state.label.en, "pt": state.label.pt} for state in vocabulary.states
        ]
        self._journey = 1.0 + np.linspace(0.0, 0.5, len(self._archetypes))

    def signals(
        self, readings: Sequence[Reading], stages: Stages, options: Options
    ) -> Iterator[Signal]:
        """Yield one signal per text."""
        rows = self._rows(stages)
        settings = options.canonical()
        for reading, row, meta in zip(
            readings, rows, meta_blocks(self._model, stages), strict=True
        ):
            yield self._signal(reading, row, meta, options, settings)

    def _rows(self, stages: Stages) -> Iterator[_Row]:
        """Round the numbers of all texts at once, and give them out one by one."""
        field = stages.field
        v = stages.archetypes
        mean = v.sum(axis=1, keepdims=True) / v.shape[1]
        scalars = {
            "coverage": stages.evidence.coverage,
            "severity": field.severity,
            "drift_metric": field.drift_metric,
            "index": field.index,
            "tau": stages.tau,
            "risk": stages.risk,
            "confidence": stages.confidence,
        }
        bias = stages.bias
        blocks: dict[str, Floats] = {
            "delta144": stages.probabilities,
            "delta12": v,
            "polarities": stages.polarities,
            "scores": stages.scores,
            "shares": _shares(stages.scores),
            "planes": plane_shares(stages.scores),
            "tension": field.tension,
            "drift": field.drift,
            "bias": np.column_stack([bias.score, bias.parts, bias.exclamation, bias.shouting]),
            "modifiers": stages.modifiers,
            "strength": v + 1.1 * (v - mean),
            "journey": v * self._journey,
            "discipline": 0.8 * v + 0.2 * mean,
            "scalars": np.column_stack(list(scalars.values())),
        }
        rows = zip(
            rounded_blocks(list(blocks.values())),
            stages.state.tolist(),
            leading(stages.probabilities, TOP_STATES).tolist(),
            stages.evidence.reasons,
            strict=True,
        )
        for numbers, state, first_states, reason in rows:
            row: dict[str, Any] = dict(zip(blocks, numbers, strict=True))
            row["scalars"] = dict(zip(scalars, row["scalars"], strict=True))
            yield _Row(**row, state=state, leading=first_states, reason=reason)

    def _signal(
        self, reading: Reading, row: _Row, meta: Meta, options: Options, settings: str
    ) -> Signal:
        version = self._model.vocabulary.version
        scalars = row.scalars
        abstained = row.reason is not None
        state = None if abstained else self._state(row)
        keys, scores, shares = self._model.kindra_keys, row.scores, row.shares
        present = [place for place, score in enumerate(scores) if score]
        bias = _bias(row.bias)
        tw = self._tw(row, options)
        risk_level = safeguard_level(scalars["risk"])
        signal: Signal = {
            "signal_id": digest((reading.normalised, settings, version)),
            "version": __version__,
            "data_version": version,
            "language": reading.language,
            "abstained": abstained,
            "abstain_reason": row.reason,
            "archetype": state["archetype_id"] if state else None,
            "delta_state": state["id"] if state else None,
            "tw_regime": tw["regime"],
            "kindra_distribution": {keys[i]: shares[i] for i in present},
            "bias_score": bias["score"],
            "bias_label": bias["label"],
            "meta_modifiers": {
                "strength": row.strength,
                "journey": row.journey,
                "discipline": row.discipline,
            },
            "confidence": scalars["confidence"],
            "explanation": "",
            "narrative_risk": None if abstained else NARRATIVE_RISK[risk_level],
            "evidence": {
                "tokens": reading.words,
                "matched": reading.matched,
                "hits": len(reading.hits),
                "coverage": scalars["coverage"],
            },
            "delta12": dict(zip(self._archetypes, row.delta12, strict=True)),
            "delta144": row.delta144,
            "state": state,
            "top_states": [] if abstained else self._top_states(row),
            "polarities": dict(zip(self._polarities, row.polarities, strict=True)),
            "kindra": {
                "scores": {keys[i]: scores[i] for i in present},
                "planes": _planes(row.planes),
            },
            "tw": tw,
            "meta": meta,
            "bias": bias,
            "tau": _tau(scalars["tau"]),
            "safeguard": {
                "risk_score": scalars["risk"],
                "risk_level": LEVELS[risk_level],
                "actions": safeguard_actions(risk_level, scalars["drift_metric"]),
            },
        }
        signal["explanation"] = sentence(signal, reading)
        return signal

    def _tw(self, row: _Row, options: Options) -> Tw:
        scalars = row.scalars
        parameters = self._model.vocabulary.tw
        return {
            "tension": _planes(row.tension),
            "severity": scalars["severity"],
            "drift": _drift(row.drift),
            "drift_metric": scalars["drift_metric"],
            "index": scalars["index"],
            "index_source": "single_text",
            "regime": regime(parameters, scalars["index"]),
            "profile": options.tw_profile,
            "steps": options.steps,
            "damping": parameters.profiles[options.tw_profile].damping,
        }

    def _state(self, row: _Row) -> State:
        index = row.state
        state = self._model.vocabulary.states[index]
        return {
            "id": state.id,
            "index": index,
            "archetype_id": state.archetype_id,
            "column": state.col,
            "label": self._labels[index],
            "profile": state.profile,
            "plane": state.plane,
            "probability": row.delta144[index],
            "modifiers": self._in_force(index, row.modifiers),
            "tied_with": [
                self._model.vocabulary.states[other].id
                for other in row.leading
                if other != index and row.delta144[index] - row.delta144[other] < TIE
            ],
        }

    def _in_force(self, index: int, scores: list[float]) -> list[Modifier]:
        """Return the defaults, then the evident ones among the allowed, four at most."""
        state = self._model.vocabulary.states[index]
        found: list[Modifier] = [
            {"id": name, "score": scores[self._modifiers[name]], "source": "default"}
            for name in state.default_modifiers
        ]
        evident = sorted(
            (-scores[self._modifiers[name]], name)
            for name in state.allowed_modifiers
            if scores[self._modifiers[name]] >= MODIFIER_BOUND
        )
        for score, name in evident[: MODIFIERS_AT_MOST - len(found)]:
            found.append({"id": name, "score": -score, "source": "evidence"})
        return found

    def _top_states(self, row: _Row) -> list[TopState]:
        states = self._model.vocabulary.states
        return [
            {"id": states[i].id, "index": i, "probability": row.delta144[i]} for i in row.leading
        ]


def _planes(values: list[float]) -> Planes:
    three, six, nine = values
    return {"3": three, "6": six, "9": nine}


def _drift(values: list[float]) -> Drift:
    from_3, from_6, from_9 = values
    return {"plane3_to_6": from_3, "plane6_to_9": from_6, "plane9_to_3": from_9}


def _bias(values: list[float]) -> Bias:
    score, toxicity, political, gender, racial, loaded, exclamation, shouting = values
    return {
        "score": score,
        "label": label(score),
        "dimensions": {
            "toxicity": toxicity,
            "political": political,
            "gender": gender,
            "racial": racial,
        },
        "loaded": loaded,
        "exclamation": exclamation,
        "shouting": shouting,
    }


def _tau(score: float) -> Tau:
    level = tau_level(score)
    damping, smoothing, influence = TAU_EFFECTS[level]
    return {
        "score": score,
        "risk": LEVELS[level],
        "drift_damping": damping,
        "archetype_smoothing": smoothing,
        "meta_influence": influence,
        "actions": list(TAU_ACTIONS[level]),
    }


def _shares(scores: Floats) -> Floats:
    """Return each vector's share of all |score| (texts, 144); zeros when nothing is known."""
    mass = np.abs(scores)
    total = mass.sum(axis=1, keepdims=True)
    return mass / np.where(total > 0, total, 1.0)
