"""The vocabulary as plain lists for a user interface, with labels in one language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.vocabulary import Label, Vocabulary

KINDS = ("archetypes", "columns", "states", "polarities", "modifiers", "kindras")


def view(vocabulary: Vocabulary, kind: str, language: str) -> list[dict[str, Any]]:
    """Return the list `kind` with labels in `language` ("en" or "pt").

    Raises:
        KeyError: the kind or the language does not exist.

    """
    if language not in {"en", "pt"}:
        raise KeyError(language)
    return _VIEWS[kind](vocabulary, lambda label: label.pt if language == "pt" else label.en)


Say = Callable[[Label], str]


def _archetypes(vocabulary: Vocabulary, say: Say) -> list[dict[str, Any]]:
    return [
        {
            "id": a.id,
            "label": say(a.label),
            "essence": a.essence,
            "light": a.light,
            "shadow": a.shadow,
            "drives": list(a.drives),
            "journey_role": a.journey_role,
            "stoic_axis": a.stoic_axis,
            "description": a.description,
        }
        for a in vocabulary.archetypes
    ]


def _columns(vocabulary: Vocabulary, say: Say) -> list[dict[str, Any]]:
    return [
        {
            "col": c.col,
            "label": say(c.label),
            "profile": c.profile,
            "plane": c.plane,
            "description": c.description,
        }
        for c in vocabulary.columns
    ]


def _states(vocabulary: Vocabulary, say: Say) -> list[dict[str, Any]]:
    return [
        {
            "id": s.id,
            "index": s.index,
            "archetype_id": s.archetype_id,
            "row": s.row,
            "col": s.col,
            "label": say(s.label),
            "profile": s.profile,
            "plane": s.plane,
            "description": s.description,
            "default_modifiers": list(s.default_modifiers),
            "allowed_modifiers": list(s.allowed_modifiers),
        }
        for s in vocabulary.states
    ]


def _polarities(vocabulary: Vocabulary, say: Say) -> list[dict[str, Any]]:
    return [
        {
            "id": p.id,
            "label": say(p.label),
            "dimension": p.dimension,
            "description": p.description,
            "tw_alignment": list(p.tw_alignment),
        }
        for p in vocabulary.polarities
    ]


def _modifiers(vocabulary: Vocabulary, say: Say) -> list[dict[str, Any]]:
    return [
        {
            "id": m.id,
            "label": say(m.label),
            "category": m.category,
            "description": m.description,
            "tw_alignment": list(m.tw_alignment),
        }
        for m in vocabulary.modifiers
    ]


def _kindras(vocabulary: Vocabulary, say: Say) -> list[dict[str, Any]]:
    return [
        {
            "id": v.key,
            "layer": v.layer,
            "domain": v.domain,
            "plane": v.plane,
            "label": say(v.name),
            "definition": v.definition,
            "high": v.high,
            "low": v.low,
            "boost": list(v.boost),
            "suppress": list(v.suppress),
        }
        for v in vocabulary.kindras
    ]


_VIEWS: dict[str, Callable[[Vocabulary, Say], list[dict[str, Any]]]] = {
    "archetypes": _archetypes,
    "columns": _columns,
    "states": _states,
    "polarities": _polarities,
    "modifiers": _modifiers,
    "kindras": _kindras,
}
