"""Code points that Unicode 14 gives no character: no newer Python reads one into them.

Each Python knows the characters of its own Unicode version (3.11: 14.0, 3.13: 15.1). What is a
letter to one and nothing to another would change results with the interpreter.
"""

from bisect import bisect_right
from pathlib import Path

RANGES = Path(__file__).with_suffix(".txt").read_text(encoding="ascii").split()
"""In hexadecimal, each one or first-last; made from category Cn of Python 3.11."""

_FIRSTS, _LASTS = zip(
    *(
        (int(first, 16), int(last or first, 16))
        for first, _, last in (each.partition("-") for each in RANGES)
    ),
    strict=True,
)


def replace(text: str) -> str:
    """Return `text` with U+FFFD, which is no letter in any version, for each of them."""
    found = list(filter(listed, set(text)))
    return text.translate(dict.fromkeys(map(ord, found), "\ufffd")) if found else text


def listed(character: str) -> bool:
    """Tell whether `character` is one of them."""
    code = ord(character)
    return bool(_FIRSTS[0] <= code <= _LASTS[bisect_right(_FIRSTS, code) - 1])
