"""The lists of the vocabulary."""

from typing import Literal

Kind = Literal["archetypes", "columns", "states", "polarities", "modifiers", "kindras", "concepts"]
Language = Literal["en", "pt"]
