"""From arrays to signals: one dict per text, rounded once."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from contract.options import Options
from contract.signal import (
    Bilingual,
    Drift,
    Modifier,
    Signal,
    State,
    Tau,
    TopState,
    Tw,
)
from core import __version__, bias
from core.delta144 import leading
from core.encoding import digest, named, rounded_rows
from core.kindra import plane_shares
from core.meta import aurelius, campbell, nietzsche
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
from core.vocabulary.base import PLANES

TOP_STATES = 5
TIE = 0.001
"""States whose probabilities differ by less are tied."""

MODIFIER_BOUND = 0.35
MODIFIERS_AT_MOST = 4


_Row = dict[str, Any]
"""The rounded numbers of one text, and its state, leading states and reason to abstain."""


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
        settings = options.canonical()
        rows = zip(
            readings,
            rounded_rows(self._numbers(stages)),
            stages.state.tolist(),
            leading(stages.probabilities, TOP_STATES).tolist(),
            stages.evidence.reasons,
            strict=True,
        )
        for reading, row, state, first_states, reason in rows:
            row |= {"state": state, "leading": first_states, "reason": reason}
            yield self._signal(reading, row, options, settings)

    def _numbers(self, stages: Stages) -> dict[str, Floats]:
        """Return the numbers of all texts, by name; one row per text."""
        v = stages.archetypes
        mean = v.sum(axis=1, keepdims=True) / v.shape[1]
        return {
            **stages.told,
            "shares": _shares(stages.scores),
            "planes": plane_shares(stages.scores),
            "strength": v + 1.1 * (v - mean),
            "journey": v * self._journey,
            "discipline": 0.8 * v + 0.2 * mean,
        }

    def _signal(self, reading: Reading, row: _Row, options: Options, settings: str) -> Signal:
        version = self._model.vocabulary.version
        abstained = row["reason"] is not None
        state = None if abstained else self._state(row)
        keys, scores, shares = self._model.kindra_keys, row["scores"], row["shares"]
        present = [place for place, score in enumerate(scores) if score]
        found_bias = bias.answer(row["bias"])
        tw = self._tw(row, options)
        risk_level = safeguard_level(row["risk"])
        signal: Signal = {
            "signal_id": digest((reading.normalised, settings, version)),
            "version": __version__,
            "data_version": version,
            "language": reading.language,
            "abstained": abstained,
            "abstain_reason": row["reason"],
            "archetype": state["archetype_id"] if state else None,
            "delta_state": state["id"] if state else None,
            "tw_regime": tw["regime"],
            "kindra_distribution": {keys[i]: shares[i] for i in present},
            "bias_score": found_bias["score"],
            "bias_label": found_bias["label"],
            "meta_modifiers": {
                "strength": row["strength"],
                "journey": row["journey"],
                "discipline": row["discipline"],
            },
            "confidence": row["confidence"],
            "explanation": "",
            "narrative_risk": None if abstained else NARRATIVE_RISK[risk_level],
            "evidence": {
                "tokens": reading.words,
                "matched": reading.matched,
                "hits": len(reading.hits),
                "coverage": row["coverage"],
            },
            "delta12": named(self._archetypes, row["delta12"]),
            "delta144": row["delta144"],
            "state": state,
            "top_states": [] if abstained else self._top_states(row),
            "polarities": named(self._polarities, row["polarities"]),
            "kindra": {
                "scores": {keys[i]: scores[i] for i in present},
                "planes": named(PLANES, row["planes"]),
            },
            "tw": tw,
            "meta": {
                "nietzsche": nietzsche.answer(row["nietzsche"]),
                "aurelius": aurelius.answer(row["aurelius"]),
                "campbell": campbell.answer(
                    self._model, row["campbell"], row["delta12"], silent=abstained
                ),
            },
            "bias": found_bias,
            "tau": _tau(row["tau"]),
            "safeguard": {
                "risk_score": row["risk"],
                "risk_level": LEVELS[risk_level],
                "actions": safeguard_actions(risk_level, row["drift_metric"]),
            },
        }
        signal["explanation"] = sentence(signal, reading)
        return signal

    def _tw(self, row: _Row, options: Options) -> Tw:
        parameters = self._model.vocabulary.tw
        return {
            "tension": named(PLANES, row["tension"]),
            "severity": row["severity"],
            "drift": named(Drift.__annotations__, row["drift"]),
            "drift_metric": row["drift_metric"],
            "index": row["index"],
            "index_source": "single_text",
            "regime": regime(parameters, row["index"]),
            "profile": options.tw_profile,
            "steps": options.steps,
            "damping": parameters.profiles[options.tw_profile].damping,
        }

    def _state(self, row: _Row) -> State:
        index = row["state"]
        state = self._model.vocabulary.states[index]
        return {
            "id": state.id,
            "index": index,
            "archetype_id": state.archetype_id,
            "column": state.col,
            "label": self._labels[index],
            "profile": state.profile,
            "plane": state.plane,
            "probability": row["delta144"][index],
            "modifiers": self._in_force(index, row["modifiers"]),
            "tied_with": [
                self._model.vocabulary.states[other].id
                for other in row["leading"]
                if other != index and row["delta144"][index] - row["delta144"][other] < TIE
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
            {"id": states[i].id, "index": i, "probability": row["delta144"][i]}
            for i in row["leading"]
        ]


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
