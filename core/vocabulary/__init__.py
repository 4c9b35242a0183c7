"""The vocabulary: pydantic models of the files in `data/`, their loader, and a view of them."""

from core.vocabulary.base import PLANES, DataError, Label, Weights
from core.vocabulary.lexicon import LexiconSource
from core.vocabulary.loader import Vocabulary, load
from core.vocabulary.parameters import Domain, TwParameters, TwProfileParameters

__all__ = [
    "PLANES",
    "DataError",
    "Domain",
    "Label",
    "LexiconSource",
    "TwParameters",
    "TwProfileParameters",
    "Vocabulary",
    "Weights",
    "load",
]
