"""The vocabulary: pydantic models of the files in `data/`, their loader, and a view of them."""

from core.vocabulary.loader import load

__all__ = ["load"]
