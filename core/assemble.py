"""From arrays to signals: one dict per text, rounded once."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from contract.options import Options
from contract.signal import Drift, Modifier, Signal, State, Tau, Tw
from core import __version__, bias, risk
from core.delta144 import leading
from core.encoding import digest, named, rounded_rows
from core.kindra import shares
from core.meta import aurelius, campbell, nietzsche
from core.model import Model
from core.pipeline import Stages
from core.reading import Reading
from core.tw369 import regime
from core.vocabulary.base import PLANES

TOP_STATES = 5
TIE = 0.001
"""States whose probabilities differ by less are tied."""

MODIFIER_BOUND = 0.35
MODIFIERS_AT_MOST = 4

_REASONS = {
    "en": {
        "empty": "The text has no words; no archetype is named.",
        "no_evidence": "No word of the text speaks for an archetype; none is named.",
        "too_little_evidence": "Too few words of the text are known; no archetype is named.",
    },
    "pt": {
        "empty": "O texto não tem palavras; nenhum arquétipo é nomeado.",
        "no_evidence": "Nenhuma palavra do texto fala por um arquétipo; nenhum é nomeado.",
        "too_little_evidence": "Poucas palavras são conhecidas; nenhum arquétipo é nomeado.",
    },
}
_TEMPLATES = {
    "en": "{label} ({share}): the text says {words}. Regime {regime} (index {index}), bias {bias}.",
    "pt": "{label} ({share}): o texto diz {words}. Regime {regime} (índice {index}), viés {bias}.",
}
_TIES = {"en": "Tied with {}. ", "pt": "Empate com {}. "}

JOURNEY = 1.0 + np.linspace(0.0, 0.5, 12)
"""How much more a later archetype weighs in the journey."""

_Row = dict[str, Any]
"""The rounded numbers of one text, and its state, leading states and reason to abstain."""


def signals(
    model: Model, readings: Sequence[Reading], stages: Stages, options: Options
) -> Iterator[Signal]:
    """Yield one signal per text."""
    settings = options.canonical()
    v = stages.archetypes
    mean = v.sum(axis=1, keepdims=True) / v.shape[1]
    of_vectors, of_planes = shares(stages.scores)
    numbers = {
        **stages.told,
        "shares": of_vectors,
        "planes": of_planes,
        "strength": v + 1.1 * (v - mean),
        "journey": v * JOURNEY,
        "discipline": 0.8 * v + 0.2 * mean,
    }
    rows = zip(
        readings,
        rounded_rows(numbers),
        stages.state.tolist(),
        leading(stages.probabilities, TOP_STATES).tolist(),
        stages.evidence.reasons,
        strict=True,
    )
    for reading, row, state, first_states, reason in rows:
        row |= {"state": state, "leading": first_states, "reason": reason}
        yield _signal(model, reading, row, options, settings)


def _signal(model: Model, reading: Reading, row: _Row, options: Options, settings: str) -> Signal:
    version, states = model.vocabulary.version, model.vocabulary.states
    abstained = row["reason"] is not None
    state = None if abstained else _state(model, row)
    keys, scores = model.kindra_keys, row["scores"]
    present = [place for place, score in enumerate(scores) if score]
    found_bias = bias.answer(row["bias"])
    tw = _tw(model, row, options)
    risk_level = risk.safeguard_level(row["risk"])
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
        "kindra_distribution": {keys[i]: row["shares"][i] for i in present},
        "bias_score": found_bias["score"],
        "bias_label": found_bias["label"],
        "meta_modifiers": {
            "strength": row["strength"],
            "journey": row["journey"],
            "discipline": row["discipline"],
        },
        "confidence": row["confidence"],
        "explanation": "",
        "narrative_risk": None if abstained else risk.NARRATIVE_RISK[risk_level],
        "evidence": {
            "tokens": reading.words,
            "matched": reading.matched,
            "hits": len(reading.hits),
            "coverage": row["coverage"],
        },
        "delta12": named(model.archetypes, row["delta12"]),
        "delta144": row["delta144"],
        "state": state,
        "top_states": [
            {"id": states[i].id, "index": i, "probability": row["delta144"][i]}
            for i in ([] if abstained else row["leading"])
        ],
        "polarities": named(model.polarities, row["polarities"]),
        "kindra": {
            "scores": {keys[i]: scores[i] for i in present},
            "planes": named(PLANES, row["planes"]),
        },
        "tw": tw,
        "meta": {
            "nietzsche": nietzsche.answer(row["nietzsche"]),
            "aurelius": aurelius.answer(row["aurelius"]),
            "campbell": campbell.answer(model, row["campbell"], row["delta12"], silent=abstained),
        },
        "bias": found_bias,
        "tau": _tau(row["tau"]),
        "safeguard": {
            "risk_score": row["risk"],
            "risk_level": risk.LEVELS[risk_level],
            "actions": risk.safeguard_actions(risk_level, row["drift_metric"]),
        },
    }
    signal["explanation"] = _sentence(signal, reading)
    return signal


def _tw(model: Model, row: _Row, options: Options) -> Tw:
    parameters = model.vocabulary.tw
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


def _state(model: Model, row: _Row) -> State:
    index = row["state"]
    state = model.vocabulary.states[index]
    return {
        "id": state.id,
        "index": index,
        "archetype_id": state.archetype_id,
        "column": state.col,
        "label": {"en": state.label.en, "pt": state.label.pt},
        "profile": state.profile,
        "plane": state.plane,
        "probability": row["delta144"][index],
        "modifiers": _in_force(model, index, row["modifiers"]),
        "tied_with": [
            model.vocabulary.states[other].id
            for other in row["leading"]
            if other != index and row["delta144"][index] - row["delta144"][other] < TIE
        ],
    }


def _in_force(model: Model, index: int, scores: list[float]) -> list[Modifier]:
    """Return the defaults, then the evident ones among the allowed, four at most."""
    state = model.vocabulary.states[index]
    found: list[Modifier] = [
        {"id": name, "score": scores[model.modifiers[name]], "source": "default"}
        for name in state.default_modifiers
    ]
    evident = sorted(
        (-scores[model.modifiers[name]], name)
        for name in state.allowed_modifiers
        if scores[model.modifiers[name]] >= MODIFIER_BOUND
    )
    for score, name in evident[: MODIFIERS_AT_MOST - len(found)]:
        found.append({"id": name, "score": -score, "source": "evidence"})
    return found


def _tau(score: float) -> Tau:
    level = risk.tau_level(score)
    damping, smoothing, influence = risk.TAU_EFFECTS[level]
    return {
        "score": score,
        "risk": risk.LEVELS[level],
        "drift_damping": damping,
        "archetype_smoothing": smoothing,
        "meta_influence": influence,
        "actions": list(risk.TAU_ACTIONS[level]),
    }


def _sentence(signal: Signal, reading: Reading) -> str:
    """Say in one or two sentences what was found and from which words."""
    language = "pt" if signal["language"] == "pt" else "en"
    state = signal["state"]
    if state is None:
        return _REASONS[language][signal["abstain_reason"] or "no_evidence"]
    tied = _TIES[language].format(", ".join(state["tied_with"])) if state["tied_with"] else ""
    return tied + _TEMPLATES[language].format(
        label=state["label"]["pt"] if language == "pt" else state["label"]["en"],
        share=f"{100 * signal['delta12'][state['archetype_id']]:.0f} %",
        words=", ".join(f"'{word}'" for word in reading.terms),
        regime=signal["tw_regime"],
        index=f"{signal['tw']['index']:.2f}",
        bias=f"{signal['bias_score']:.2f}",
    )
