"""Forms of words: what an unknown word may be a form of, and affixes that turn its side.

Words are folded (no case, no accents). The rules are few on purpose: a form counts only when the
lexicon holds the word it leads to.
"""

from collections.abc import Iterator

SHORTEST_BASE = 4

_ENDINGS = {
    "en": (
        "ies-y ied-y ier-y iest-y ily-y iness-y bly-ble es- s- ed- ed-e ing- ing-e ly- ness- "
        "er- er-e est- est-e"
    ),
    "pt": ("amente-o mente- issimo-o issima-o oes-ao eis-el ais-al ns-m es- as-o os-o s- a-o"),
}
"""Endings of inflected forms, each with what stands in its place in the word itself."""

_PAIRS = {
    language: [tuple(pair.split("-")) for pair in endings.split()]
    for language, endings in _ENDINGS.items()
}

_BY_LAST_LETTER = {
    (language, last): [pair for pair in pairs if pair[0][-1] == last]
    for language, pairs in _PAIRS.items()
    for last in {ending[-1] for ending, _ in pairs}
}
"""The same endings in the same order: most words end in a letter that has none."""

_PREFIXES = {"en": ("un",), "pt": ("des", "in", "im")}
_WITHOUT = ("less", "lessly", "lessness")
"""English endings that say that something is missing."""


def plain_forms(word: str, language: str) -> Iterator[str]:
    """Yield words that `word` may be an inflected form of, the likeliest first."""
    for ending, instead in _BY_LAST_LETTER.get((language, word[-1]), ()):
        base = word.removesuffix(ending) + instead
        if word.endswith(ending) and len(base) >= SHORTEST_BASE:
            yield base
            if ending in {"ed", "ing", "er", "est"} and not instead and base[-1] == base[-2]:
                yield base[:-1]


def turned_by_prefix(word: str, language: str) -> str:
    """Return `word` without un-, des-, in- or im-; nothing where it has none."""
    for prefix in _PREFIXES[language]:
        if word.startswith(prefix) and len(word) > SHORTEST_BASE + len(prefix):
            return word.removeprefix(prefix)
    return ""


def turned_by_ending(word: str, language: str) -> str:
    """Return an English word without -less, -lessly or -lessness; nothing where it has none."""
    if language == "en" and word.endswith(_WITHOUT):
        for ending in _WITHOUT:
            base = word.removesuffix(ending)
            if base != word and len(base) >= SHORTEST_BASE:
                return base
    return ""
