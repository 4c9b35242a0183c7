"""What the four applications share."""

from dataclasses import dataclass

from contract.apps import Epistemic, TopArchetype
from contract.signal import Signal
from core.delta144 import ranking
from core.encoding import number
from core.model import Model
from core.pipeline import Stages
from core.reading import Reading

SUPPORTED_COVERAGE = 0.08
SUPPORTED_CONFIDENCE = 0.5
PER_WORDS = 100.0


@dataclass(frozen=True, slots=True)
class Analysis:
    """One text with its signal and the stages behind it (row 0)."""

    model: Model
    reading: Reading
    stages: Stages
    signal: Signal

    def metric(self, name: str) -> float:
        """Return the weighted hits of a metric."""
        return float(self.stages.evidence.hits[0, self.model.metrics[name]])

    def rate(self, name: str) -> float:
        """Return the weighted hits of a metric per 100 words."""
        return number(PER_WORDS * self.metric(name) / max(1, self.reading.words))

    def strength(self, name: str) -> float:
        """Return the saturated strength of a metric in [0, 1)."""
        return float(self.stages.evidence.strength[0, self.model.metrics[name]])

    def score(self, vector: str) -> float:
        """Return a Kindra score, 0 without evidence."""
        return self.signal["kindra"]["scores"].get(vector, 0.0)


def top_archetypes(signal: Signal, count: int) -> list[TopArchetype]:
    """Return the leading archetypes; none when the signal abstains."""
    if signal["abstained"]:
        return []
    names, values = list(signal["delta12"]), list(signal["delta12"].values())
    return [{"id": names[i], "index": i, "probability": values[i]} for i in ranking(values, count)]


def epistemic_status(signal: Signal) -> Epistemic:
    """Tell how well a text supports its reading."""
    if signal["abstained"]:
        return "insufficient"
    covered = signal["evidence"]["coverage"] >= SUPPORTED_COVERAGE
    trusted = signal["confidence"] >= SUPPORTED_CONFIDENCE
    return "supported" if covered and trusted else "tentative"
