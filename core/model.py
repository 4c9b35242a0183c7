"""The vocabulary as arrays: concepts to channels, vectors to archetypes, states to planes.

A *channel* is anything that gathers evidence: an archetype, a column, the high or low end of a
Kindra vector, a pole of a polarity, a modifier, an axis of a reading, a bias dimension, a metric.
Hits are counted in half units and weights in quarters, both as whole numbers in float64, so the
product counts @ weights is exact and does not depend on how many texts are read at once.
"""

from itertools import accumulate, chain, pairwise

import numpy as np
import numpy.typing as npt

from core.hits import PLAIN, Meanings
from core.lexicon import Lexicon
from core.text import fold
from core.vocabulary.base import PLANES, Weights
from core.vocabulary.loader import Vocabulary

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

QUARTERS = 4
UNIT = float(PLAIN * QUARTERS)
"""What one plain hit of weight 1 contributes to counts @ weights."""


class Model:
    """Everything the numeric stages need, computed once from a vocabulary."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.archetypes = tuple(archetype.id for archetype in vocabulary.archetypes)
        self.polarities = tuple(polarity.id for polarity in vocabulary.polarities)
        self.modifiers = {modifier.id: i for i, modifier in enumerate(vocabulary.modifiers)}
        self.concepts = tuple(concept.id for concept in vocabulary.concepts)
        self.toxic = frozenset(
            place for place, concept in enumerate(self.concepts) if concept.startswith("toxic_")
        )
        index = {concept: position for position, concept in enumerate(self.concepts)}
        opposites = tuple(
            -1 if concept.opposite is None else index[concept.opposite]
            for concept in vocabulary.concepts
        )
        self.meanings = Meanings(opposites)
        self.lexicons = {
            name: Lexicon(source, index, self.meanings)
            for name, source in vocabulary.lexicons.items()
        }
        self.votes = _votes(vocabulary)
        self.weights, self.channels = _channels(vocabulary, index)
        self.commonness = _commonness(vocabulary, self.channels)
        self.influence = _influence(vocabulary)
        self.tension_high = np.array([v.weight * v.tension.high for v in vocabulary.kindras])
        self.tension_low = np.array([v.weight * v.tension.low for v in vocabulary.kindras])
        self.kindra_index = {v.key: i for i, v in enumerate(vocabulary.kindras)}
        self.kindra_keys = tuple(self.kindra_index)
        self.column_plane = np.array([PLANES.index(c.plane) for c in vocabulary.columns])
        metrics = enumerate(vocabulary.readings.metrics, self.channels["metrics"].start)
        self.metrics = {axis.id: channel for channel, axis in metrics}


def _votes(vocabulary: Vocabulary) -> dict[str, int]:
    """Return how each function word speaks: 1 for English, -1 for Portuguese, 0 for either."""
    votes: dict[str, int] = {}
    for language, vote in (("en", 1), ("pt", -1)):
        for word in set(map(fold, vocabulary.lexicons[language].function_words)):
            votes[word] = votes.get(word, 0) + vote
    return votes


def _channels(vocabulary: Vocabulary, index: dict[str, int]) -> tuple[Floats, dict[str, slice]]:
    """Return (concepts, channels) weights in quarters, and where each group of channels lies."""
    groups: dict[str, list[Weights]] = {
        "archetypes": [a.evidence for a in vocabulary.archetypes],
        "columns": [c.evidence for c in vocabulary.columns],
        "high": [v.evidence.high for v in vocabulary.kindras],
        "low": [v.evidence.low for v in vocabulary.kindras],
        "first": [p.evidence.first for p in vocabulary.polarities],
        "second": [p.evidence.second for p in vocabulary.polarities],
        "modifiers": [m.evidence for m in vocabulary.modifiers],
    }
    for name in ("nietzsche", "aurelius", "campbell", "bias", "metrics", "themes"):
        groups[name] = [axis.evidence for axis in getattr(vocabulary.readings, name)]
    ends = pairwise(accumulate(map(len, groups.values()), initial=0))
    channels = {name: slice(*bounds) for name, bounds in zip(groups, ends, strict=True)}
    table = np.zeros((len(index), channels["themes"].stop))
    for place, weights in enumerate(chain.from_iterable(groups.values())):
        for concept, weight in weights.items():
            table[index[concept], place] = weight * QUARTERS
    return table, channels


def _commonness(vocabulary: Vocabulary, channels: dict[str, slice]) -> Floats:
    """Return (channels,): how common each is in ordinary text, 1 on the average."""
    common = np.ones(channels["themes"].stop)
    common[channels["archetypes"]] = [archetype.commonness for archetype in vocabulary.archetypes]
    common[channels["columns"]] = [column.commonness for column in vocabulary.columns]
    return common


def _influence(vocabulary: Vocabulary) -> Floats:
    """Return (144 vectors, 12 archetypes): +f where a vector boosts, -f where it suppresses."""
    position = {archetype.id: i for i, archetype in enumerate(vocabulary.archetypes)}
    table = np.zeros((len(vocabulary.kindras), len(position)))
    factors = {layer.layer: layer.factor for layer in vocabulary.layers}
    for row, vector in enumerate(vocabulary.kindras):
        table[row, [position[a] for a in vector.boost]] = factors[vector.layer]
        table[row, [position[a] for a in vector.suppress]] = -factors[vector.layer]
    return table
