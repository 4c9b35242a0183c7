"""The vocabulary as plain lists for a user interface, in one language."""

from operator import attrgetter
from typing import Any

from contract.vocabulary import Kind, Language
from core.vocabulary.base import Label
from core.vocabulary.loader import Vocabulary

_SHOWN: dict[Kind, str] = {
    "archetypes": "id label essence light shadow drives journey_role stoic_axis description",
    "columns": "col label profile plane description",
    "states": (
        "id index archetype_id row col label profile plane description default_modifiers "
        "allowed_modifiers"
    ),
    "polarities": "id label dimension description tw_alignment",
    "modifiers": "id label category description tw_alignment",
    "kindras": (
        "id=key layer domain plane label=short_name definition high=scale_direction.high "
        "low=scale_direction.low boost suppress"
    ),
    "concepts": "id label description opposite",
}
"""What is shown of each record, in this order, after "=" where the record calls it otherwise.

Evidence and weights are the kernel's own.
"""


def view(vocabulary: Vocabulary, kind: Kind, language: Language) -> list[dict[str, Any]]:
    """Return the list `kind` with its texts in `language` ("en" or "pt").

    Raises:
        KeyError: the kind or the language does not exist.

    """
    if language not in {"en", "pt"}:
        raise KeyError(language)
    shown = [each.partition("=") for each in _SHOWN[kind].split()]
    getters = [(name, attrgetter(source or name)) for name, _, source in shown]
    return [
        {name: _plain(get(record), language) for name, get in getters}
        for record in getattr(vocabulary, kind)
    ]


def _plain(value: Any, language: Language) -> Any:
    if isinstance(value, Label):
        return getattr(value, language)
    return [_plain(each, language) for each in value] if isinstance(value, tuple) else value
