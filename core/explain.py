"""What moved a result: every matched term, and what would change without a term or a vector.

Influence is measured, not estimated: the stages run again without the term (or with the vector
silenced) and the winner's probability is compared.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from contract.options import Options
from contract.signal import Explanation, Influence, StageResults, Term
from core.delta144 import ranking
from core.encoding import number, rounded
from core.hits import PLAIN
from core.model import Floats, Model
from core.pipeline import Stages, run
from core.reading import Reading
from core.risk import effects, tau_of_bias

TERMS_WEIGHED = 32
VECTORS_WEIGHED = 24
SHOWN = 12
_Name = TypeVar("_Name", str, int)

CAUTION = ["tau", "drift_damping", "archetype_smoothing"]


def explain(
    model: Model, reading: Reading, stages: Stages, row: int, options: Options
) -> Explanation:
    """Explain row `row` of `stages`, which is the result of `reading`."""
    return {
        "terms": _terms(model, reading),
        "influence": _influence(model, reading, stages, row, options),
        "stages": _stages(model, stages, row),
    }


def _terms(model: Model, reading: Reading) -> list[Term]:
    terms: list[Term] = []
    for term, start, end, place in reading.spans():
        meaning = model.meanings[place]
        terms.append(
            {
                "term": term,
                "concepts": [model.concepts[c] for c in meaning.concepts],
                "start": start,
                "end": end,
                "sign": -1 if meaning.negated else 1,
                "weight": meaning.units / PLAIN,
            }
        )
    return terms


def _influence(
    model: Model, reading: Reading, stages: Stages, row: int, options: Options
) -> Influence:
    """Run the stages without each of the most frequent terms, and of the strongest vectors."""
    if stages.evidence.silent[row]:
        return {"terms": [], "vectors": []}
    words = reading.tokens()
    hits: dict[str, list[int]] = {}
    for first, last, meaning in reading.hits:
        hits.setdefault(" ".join(words[first : last + 1]), []).append(meaning)
    terms = sorted(hits, key=lambda term: (-len(hits[term]), term))[:TERMS_WEIGHED]
    scores = rounded(stages.scores[row])
    vectors = [i for i in ranking([abs(s) for s in scores], VECTORS_WEIGHED) if scores[i]]
    taken = [*(hits[term] for term in terms), *([] for _ in vectors)]
    # Whole numbers: what is left is exact.
    counts = model.meanings.tally([reading.hits.meaning]) - model.meanings.tally(taken)
    keep = np.ones((len(taken), len(scores)))
    keep[np.arange(len(terms), len(taken)), vectors] = 0.0
    without = run(model, counts, [reading] * len(taken), options, keep)
    state = int(stages.state[row])
    archetype = state // 12
    deltas = [
        rounded(stages.archetypes[row, archetype] - without.archetypes[:, archetype]),
        rounded(stages.probabilities[row, state] - without.probabilities[:, state]),
    ]
    return {
        "terms": [
            {"term": term, "count": len(hits[term]), "archetype_delta": a, "state_delta": s}
            for term, a, s in _largest(terms, *deltas)
        ],
        "vectors": [
            {
                "id": model.kindra_keys[vector],
                "score": scores[vector],
                "archetype_delta": a,
                "state_delta": s,
            }
            for vector, a, s in _largest(vectors, *(each[len(terms) :] for each in deltas))
        ],
    }


def _largest(
    names: Sequence[_Name], archetypes: Sequence[float], states: Sequence[float]
) -> list[tuple[_Name, float, float]]:
    """Return the differences that each of the names makes, those with the largest first."""
    found = zip(names, archetypes, states, strict=False)
    return sorted(found, key=lambda each: (-abs(each[1]), each[0]))[:SHOWN]


def _stages(model: Model, stages: Stages, row: int) -> StageResults:
    archetypes = model.archetypes
    columns = [f"{c.col:02d}" for c in model.vocabulary.columns]
    strength, channels = stages.evidence.strength[row], model.channels
    caution = tau_of_bias(stages.features["bias"][[row]])
    return {
        "evidence_archetypes": _named(archetypes, strength[channels["archetypes"]]),
        "evidence_columns": _named(columns, strength[channels["columns"]]),
        "caution": _named(CAUTION, np.concatenate([caution, *effects(caution)])),
        "base_delta12": _named(archetypes, stages.base_archetypes[row]),
        "modulated_delta12": _named(archetypes, stages.archetypes[row]),
        "base_columns": _named(columns, stages.base_columns[row]),
        "evolved_columns": _named(columns, stages.columns[row]),
        "tau_features": {name: number(each[row]) for name, each in stages.features.items()},
    }


def _named(names: Sequence[str], values: Floats) -> dict[str, float]:
    return {name: number(value) for name, value in zip(names, values.tolist(), strict=True)}
