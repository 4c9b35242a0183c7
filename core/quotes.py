"""What a text quotes of others: insults and threats there are not its own.

A quotation counts as another's when a verb of saying stands beside it and its subject is not "I".
Everything else in it is still read: dispatches and reviews speak through quotations.
"""

import re
from collections.abc import Iterator

from core.hits import Hits
from core.model import Model
from core.text import fold, tokens

MARKS = frozenset('"“”«»')
"""Marks around a quotation; a single one may be an apostrophe."""

_QUOTATION = re.compile(r'["“«][^"“”«»]{1,400}["”»]')
_SAID = (
    "said|says|saying|told|tells|wrote|writes|shouted|yelled|screamed|texted|tweeted|posted"
    "|called|replied|answered|added|claimed|disse|dizendo|diz|falou|escreveu|gritou|chamou|postou"
    "|respondeu|afirmou|declarou|ameaçou|xingou|segundo|according"
)
_BEFORE = re.compile(
    rf" ?[:,]? ?(?:\w{{1,30}}+ ){{0,4}}?(?:{_SAID[::-1]})\b(?! i\b)(?! ue\b)", re.IGNORECASE
)
"""A verb of saying before a quotation, for reversed text: `match` tries one position only."""

_AFTER = re.compile(
    rf" ?[,.]? ?(?!i |eu )(?:(?!i |eu )\w{{1,30}} ){{0,3}}?(?:{_SAID})\b", re.IGNORECASE
)
_NEAR = 80
"""Characters before a quotation that may tell who said it."""


def of_others(normalised: str) -> Iterator[range]:
    """Yield the places among the tokens of a text that others' words take."""
    counted = place = 0
    backwards = normalised[::-1]
    for match in _QUOTATION.finditer(normalised):
        start, end = match.span()
        before = _BEFORE.match(backwards, len(backwards) - start)
        if (before and len(before[0]) <= _NEAR) or _AFTER.match(normalised, end):
            first = place + len(tokens(fold(normalised[counted:start])))
            place = first + len(tokens(fold(match[0])))
            counted = end
            yield range(first, place)


def without_others_insults(model: Model, normalised: str, hits: Hits) -> Hits:
    """Return the hits without the insults, slurs and threats that the text quotes of others."""
    if MARKS.isdisjoint(normalised):
        return hits
    toxic = model.toxic
    if not any(toxic.intersection(model.meanings[number].concepts) for number in hits.meaning):
        return hits
    quoted = {place for places in of_others(normalised) for place in places}
    return Hits.of(
        hit
        for hit in hits
        if hit[0] not in quoted or toxic.isdisjoint(model.meanings[hit[2]].concepts)
    )
