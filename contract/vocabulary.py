"""The lists of the vocabulary."""

from typing import Literal

Kind = Literal["archetypes", "columns", "states", "polarities", "modifiers", "kindras"]
Language = Literal["en", "pt"]
