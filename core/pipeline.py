"""The stages in order, for any number of texts at once.

evidence → bias → Kindra → base Δ144 → Kindra modulation → TW369 → Δ12 and state → polarities →
meta readings → tau, safeguard, confidence. Every stage works row by row: what a text gets does not
depend on its neighbours.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from contract.options import Options
from core import bias, delta144, kindra, risk, tw369
from core.evidence import Evidence, gather
from core.meta import aurelius, campbell, nietzsche
from core.model import Floats, Integers, Model
from core.reading import Reading

LOG_STATES = float(np.log(144.0))
COLLECTIVE = "POL_INDIVIDUAL_COLLECTIVE"
DRIFT_SCALE = 3.0
"""Model A keeps the drift metric below a third of severity; this stretches it to [0, 1]."""


@dataclass(frozen=True, slots=True)
class Stages:
    """Every stage's result; the first axis is the text."""

    evidence: Evidence
    scores: Floats
    base_archetypes: Floats
    base_columns: Floats
    archetypes: Floats
    columns: Floats
    probabilities: Floats
    state: Integers
    features: risk.Features
    told: dict[str, Floats]
    """What signals tell as it is, rounded."""


def run(
    model: Model,
    counts: Floats,
    readings: Sequence[Reading],
    options: Options,
    keep: Floats | None = None,
) -> Stages:
    """Run all stages on counts (texts, concepts) of `readings`.

    `keep` (texts, 144) multiplies the Kindra scores; the explanation uses it to silence vectors.
    """
    evidence = gather(model, counts, readings)
    read_bias = bias.measure(model, evidence, readings)
    scores = kindra.scores(model, evidence, options.context)
    scores[evidence.silent] = 0.0
    if keep is not None:
        scores *= keep
    damping, smoothing = risk.effects(risk.tau_of_bias(read_bias[:, 0]))
    base_archetypes, base_columns = delta144.base(model, evidence, smoothing)
    archetypes = delta144.normalised(base_archetypes * kindra.archetype_factors(model, scores))
    field = tw369.read_field(model, scores, options, damping)
    columns = tw369.evolve(model, base_columns, field["drift"], options)
    states = archetypes[:, :, None] * columns[:, None, :]
    probabilities = states.reshape(len(states), 144)
    strength = evidence.strength
    # 1 = first pole, 0 = second pole, 0.5 without evidence.
    first, second = strength[:, model.channels["first"]], strength[:, model.channels["second"]]
    polarities = 0.5 + 0.5 * (first - second)
    entropy = delta144.entropy(archetypes) + delta144.entropy(base_columns)
    collective = second[:, model.polarities.index(COLLECTIVE)]
    read_nietzsche = nietzsche.read(model, strength, scores)
    features: risk.Features = {
        "bias": read_bias[:, 0],
        "polarity": np.abs(2.0 * polarities - 1.0).sum(axis=1) / polarities.shape[1],
        # The upper half of normalised entropy: only a diffuse result is a doubt.
        "entropy": np.clip((entropy / LOG_STATES - 0.5) / 0.5, 0.0, 1.0),
        "severity": field["severity"],
        "drift": np.minimum(1.0, DRIFT_SCALE * field["drift_metric"]),
        "meta": read_nietzsche[:, nietzsche.NIHILISM],
    }
    trust = risk.confidence(probabilities, evidence.found)
    trust[evidence.silent] = 0.0
    return Stages(
        evidence=evidence,
        scores=scores,
        base_archetypes=base_archetypes,
        base_columns=base_columns,
        archetypes=archetypes,
        columns=columns,
        probabilities=probabilities,
        state=delta144.strongest(probabilities),
        features=features,
        told={
            **field,
            "coverage": evidence.coverage,
            "bias": read_bias,
            "scores": scores,
            "delta12": archetypes,
            "delta144": probabilities,
            "polarities": polarities,
            "modifiers": strength[:, model.channels["modifiers"]],
            "nietzsche": read_nietzsche,
            "aurelius": aurelius.read(model, strength, scores, collective),
            "campbell": campbell.read(model, strength, scores, archetypes),
            "tau": risk.tau(features),
            "risk": risk.safeguard(features),
            "confidence": trust,
        },
    )
