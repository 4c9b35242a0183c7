"""From arrays to signals: one dict per text, rounded once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from core import __version__
from core import bias as bias_stage
from core.assemble_meta import meta_blocks
from core.delta144 import ranking
from core.encoding import digest, rounded
from core.kindra import plane_shares
from core.model import Floats, Model
from core.narrate import sentence
from core.options import Options
from core.pipeline import Stages
from core.reading import Reading
from core.results import ModifierScore, Signal, StateResult
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
MODIFIER_BOUND = 0.35
MODIFIERS_AT_MOST = 4
INDEX_SOURCE = "single_text"
PLANES = ("3", "6", "9")
DRIFTS = ("plane3_to_6", "plane6_to_9", "plane9_to_3")


class Assembler:
    """Turns the stages' arrays into signals, with the names looked up once."""

    def __init__(self, model: Model) -> None:
        vocabulary = model.vocabulary
        self._model = model
        self._archetypes = [a.id for a in vocabulary.archetypes]
        self._polarities = [p.id for p in vocabulary.polarities]
        self._modifiers = {m.id: i for i, m in enumerate(vocabulary.modifiers)}
        self._labels = [{"en": s.label.en, "pt": s.label.pt} for s in vocabulary.states]
        self._journey = 1.0 + np.linspace(0.0, 0.5, len(self._archetypes))

    def signals(
        self, readings: Sequence[Reading], stages: Stages, options: Options
    ) -> Iterator[Signal]:
        """Yield one signal per text."""
        columns = self._columns(stages)
        meta = meta_blocks(self._model, stages)
        settings = options.canonical()
        for row, (reading, values) in enumerate(
            zip(readings, zip(*columns, strict=True), strict=True)
        ):
            reason = stages.evidence.reasons[row]
            yield self._signal(reading, values, meta[row], options, (settings, reason))

    def _columns(self, stages: Stages) -> list[Any]:
        field = stages.field
        mean = stages.archetypes.sum(axis=1, keepdims=True) / 12.0
        v = stages.archetypes
        scalars = np.stack(
            [
                stages.evidence.coverage,
                stages.bias.score,
                stages.bias.exclamation,
                stages.bias.shouting,
                field.severity,
                field.drift_metric,
                field.index,
                stages.tau,
                stages.risk,
                stages.confidence,
            ],
            axis=1,
        )
        arrays: list[Floats] = [
            stages.probabilities,
            v,
            stages.polarities,
            stages.scores,
            _shares(stages.scores),
            plane_shares(stages.scores),
            field.tension,
            field.drift,
            stages.bias.parts,
            stages.modifiers,
            v + 1.1 * (v - mean),
            v * self._journey,
            0.8 * v + 0.2 * mean,
            scalars,
        ]
        return [*map(rounded, arrays), stages.state.tolist()]

    def _signal(
        self,
        reading: Reading,
        values: tuple[Any, ...],
        meta: Any,
        options: Options,
        known: tuple[str, str | None],
    ) -> Signal:
        (
            delta144, delta12, polarities, scores, shares, planes, tension, drift, parts, modifiers,
            strength, journey, discipline, scalars, index,
        ) = values  # fmt: skip
        (
            coverage, bias, exclamation, shouting, severity, drift_metric, tw_index, tau, risk,
            confidence,
        ) = scalars  # fmt: skip
        model, (settings, reason) = self._model, known
        abstained = reason is not None
        tau_risk, risk_level = tau_level(tau), safeguard_level(risk)
        word = regime(model.vocabulary.tw, tw_index)
        state = None if abstained else self._state(index, delta144[index], modifiers)
        damping, smoothing, influence = TAU_EFFECTS[tau_risk]
        toxicity, political, gender, racial, loaded = parts
        signal: Signal = {
            "signal_id": digest((reading.normalised, settings, model.vocabulary.version)),
            "version": __version__,
            "data_version": model.vocabulary.version,
            "language": reading.language,
            "abstained": abstained,
            "abstain_reason": reason,
            "archetype": state["archetype_id"] if state else None,
            "delta_state": state["id"] if state else None,
            "tw_regime": word,
            "kindra_distribution": _named(model.kindra_keys, shares),
            "bias_score": bias,
            "bias_label": bias_stage.label(bias),
            "meta_modifiers": {
                "strength": strength,
                "journey": journey,
                "discipline": discipline,
            },
            "confidence": confidence,
            "explanation": "",
            "narrative_risk": None if abstained else NARRATIVE_RISK[risk_level],
            "evidence": {
                "tokens": reading.words,
                "matched": reading.matched,
                "hits": len(reading.hits),
                "coverage": coverage,
            },
            "delta12": dict(zip(self._archetypes, delta12, strict=True)),
            "delta144": delta144,
            "state": state,
            "top_states": [] if abstained else self._top_states(delta144),
            "polarities": dict(zip(self._polarities, polarities, strict=True)),
            "kindra": {
                "scores": _named(model.kindra_keys, scores),
                "planes": dict(zip(PLANES, planes, strict=True)),
            },
            "tw": {
                "tension": dict(zip(PLANES, tension, strict=True)),
                "severity": severity,
                "drift": dict(zip(DRIFTS, drift, strict=True)),
                "drift_metric": drift_metric,
                "index": tw_index,
                "index_source": INDEX_SOURCE,
                "regime": word,
                "profile": options.tw_profile,
                "steps": options.steps,
                "damping": model.vocabulary.tw.profiles[options.tw_profile].damping,
            },
            "meta": meta,
            "bias": {
                "score": bias,
                "label": bias_stage.label(bias),
                "dimensions": {
                    "toxicity": toxicity,
                    "political": political,
                    "gender": gender,
                    "racial": racial,
                },
                "loaded": loaded,
                "exclamation": exclamation,
                "shouting": shouting,
            },
            "tau": {
                "score": tau,
                "risk": LEVELS[tau_risk],
                "drift_damping": damping,
                "archetype_smoothing": smoothing,
                "meta_influence": influence,
                "actions": list(TAU_ACTIONS[tau_risk]),
            },
            "safeguard": {
                "risk_score": risk,
                "risk_level": LEVELS[risk_level],
                "actions": safeguard_actions(risk_level, drift_metric),
            },
        }
        signal["explanation"] = sentence(signal, reading)
        return signal

    def _state(self, index: int, probability: float, modifiers: list[float]) -> StateResult:
        state = self._model.vocabulary.states[index]
        return {
            "id": state.id,
            "index": index,
            "archetype_id": state.archetype_id,
            "column": state.col,
            "label": self._labels[index],  # type: ignore[typeddict-item]
            "profile": state.profile,
            "plane": state.plane,
            "probability": probability,
            "modifiers": self._in_force(index, modifiers),
        }

    def _in_force(self, index: int, scores: list[float]) -> list[ModifierScore]:
        """Return the defaults, then the evident ones among the allowed, four at most."""
        state = self._model.vocabulary.states[index]
        found: list[ModifierScore] = [
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

    def _top_states(self, delta144: list[float]) -> list[Any]:
        states = self._model.vocabulary.states
        return [
            {"id": states[i].id, "index": i, "probability": delta144[i]}
            for i in ranking(delta144, TOP_STATES)
        ]


def _shares(scores: Floats) -> Floats:
    mass = np.abs(scores)
    total = mass.sum(axis=1, keepdims=True)
    return mass / np.where(total > 0, total, 1.0)


def _named(keys: tuple[str, ...], values: list[float]) -> dict[str, float]:
    return {key: value for key, value in zip(keys, values, strict=True) if value}
