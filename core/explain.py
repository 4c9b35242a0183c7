"""What moved a result: every matched term, and what would change without a term or a vector.

Influence is measured, not estimated: the stages run again without the term (or with the vector
silenced) and the winner's probability is compared.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from contract.options import Options
from contract.signal import Explanation, StageResults, Term, TermInfluence, VectorInfluence
from core.delta144 import ranking
from core.encoding import number, rounded
from core.hits import PLAIN, Hit, Hits
from core.model import Floats, Model
from core.pipeline import Stages, run
from core.reading import Reading, count
from core.risk import effects, tau_of_bias
from core.text import token_spans

TERMS_WEIGHED = 32
VECTORS_WEIGHED = 24
SHOWN = 12
_Name = TypeVar("_Name", str, int)

CAUTION = ["tau", "drift_damping", "archetype_smoothing"]


def explain(
    model: Model, reading: Reading, stages: Stages, row: int, options: Options
) -> Explanation:
    """Explain row `row` of `stages`, which is the result of `reading`."""
    abstained = stages.evidence.silent[row]
    return {
        "terms": spans(model, reading),
        "influence": {
            "terms": [] if abstained else _terms(model, reading, stages, row, options),
            "vectors": [] if abstained else _vectors(model, reading, stages, row, options),
        },
        "stages": _stages(model, stages, row),
    }


def spans(model: Model, reading: Reading) -> list[Term]:
    """Return every hit with its place in the text as given."""
    places = token_spans(reading.text)
    found = [(first, last, model.meanings[number]) for first, last, number in reading.hits]
    return [
        {
            "term": reading.text[places[first][0] : places[last][1]],
            "concepts": [model.concepts[c] for c in meaning.concepts],
            "start": places[first][0],
            "end": places[last][1],
            "sign": -1 if meaning.negated else 1,
            "weight": meaning.units / PLAIN,
        }
        for first, last, meaning in found
    ]


def _terms(
    model: Model, reading: Reading, stages: Stages, row: int, options: Options
) -> list[TermInfluence]:
    """Run the stages without each of the most frequent terms."""
    found = reading.tokens()
    by_term: dict[str, list[Hit]] = {}
    for hit in reading.hits:
        by_term.setdefault(" ".join(found[hit[0] : hit[1] + 1]), []).append(hit)
    frequency = {term: len(hits) for term, hits in by_term.items()}
    chosen = sorted(frequency, key=lambda term: (-frequency[term], term))[:TERMS_WEIGHED]
    # Whole numbers: what is left is exact.
    counts = count(model, [reading]) - model.tally([Hits.of(by_term[term]) for term in chosen])
    without = run(model, counts, [reading] * len(chosen), options)
    return [
        {"term": term, "count": frequency[term], "archetype_delta": archetype, "state_delta": state}
        for term, archetype, state in _largest(chosen, stages, row, without)
    ]


def _vectors(
    model: Model, reading: Reading, stages: Stages, row: int, options: Options
) -> list[VectorInfluence]:
    """Run the stages with each of the strongest vectors silenced."""
    scores = rounded(stages.scores[row])
    present = [i for i in ranking([abs(s) for s in scores], VECTORS_WEIGHED) if scores[i]]
    if not present:
        return []
    keep = np.ones((len(present), len(scores)))
    keep[np.arange(len(present)), present] = 0.0
    counts = np.repeat(count(model, [reading]), len(present), axis=0)
    without = run(model, counts, [reading] * len(present), options, keep)
    return [
        {
            "id": model.kindra_keys[vector],
            "score": scores[vector],
            "archetype_delta": archetype,
            "state_delta": state,
        }
        for vector, archetype, state in _largest(present, stages, row, without)
    ]


def _largest(
    names: Sequence[_Name], stages: Stages, row: int, without: Stages
) -> list[tuple[_Name, float, float]]:
    """Return the winner's probability minus what it is in each variant: archetype, state.

    Of all variants, named in their order, those with the largest differences come first.
    """
    state = int(stages.state[row])
    figure = state // 12
    archetype = rounded(stages.archetypes[row, figure] - without.archetypes[:, figure])
    place = rounded(stages.probabilities[row, state] - without.probabilities[:, state])
    found = zip(names, archetype, place, strict=True)
    return sorted(found, key=lambda each: (-abs(each[1]), each[0]))[:SHOWN]


def _stages(model: Model, stages: Stages, row: int) -> StageResults:
    archetypes = [a.id for a in model.vocabulary.archetypes]
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
