"""How much the wording changes from text to text, whatever the lexicons know of it.

A text becomes a vector of 256 cells: its words, pairs of words and character trigrams are hashed
into cells with a sign. The vector says nothing about meaning and is used for drift between texts
alone, where it sees what texts without evidence still have: words.
"""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise
from math import sqrt

import numpy as np

from core.encoding import number
from core.model import Floats
from core.text import BREAKS, fold, normalise, tokens

CELLS = 256
KEY = b"kaldra-wording-1"
LONGEST_WORD = 64
"""Characters of a word that count: what is longer is no word, and should cost no more than one."""

_BYTES = 8
_KEYED = blake2b(digest_size=_BYTES, key=KEY)
"""Copied for each piece, so that the key is hashed once."""

_CELL_SHIFT = np.uint64(56)
_PAIR = np.uint64(3)
_SIGN = np.uint64(1)


def unit(counts: Floats) -> Floats:
    """Return the vector scaled to length 1; 0 stays 0."""
    return counts / max(1.0, sqrt(float(counts @ counts)))


def drifts(vectors: Sequence[Floats]) -> list[float]:
    """Return each text's cosine distance from the text before it, in [0, 1]; 0 for the first."""
    return [0.0, *(number(distance(a, b)) for a, b in pairwise(vectors))]


def vector_of(text: str) -> Floats:
    """Return the (256,) vector of a text."""
    return vector([word for word in tokens(fold(normalise(text))) if word not in BREAKS])


def vector(words: Sequence[str]) -> Floats:
    """Return (256,) signed counts; whole numbers, so that every sum of them is exact."""
    listed = [_hashes(word[:LONGEST_WORD]) for word in words]
    single = np.frombuffer(b"".join(listed), dtype="<u8")
    word = np.frombuffer(b"".join([hashes[:_BYTES] for hashes in listed]), dtype="<u8")
    every = np.concatenate([single, word[:-1] * _PAIR + word[1:]])
    cells = (every >> _CELL_SHIFT).astype(np.int64)
    return np.bincount(cells, 1.0 - 2.0 * (every & _SIGN), CELLS).astype(np.float64)


def distance(first: Floats, second: Floats) -> float:
    """Return 1 - cosine, never above 1; 0 between two empty texts, 1 from or to one of them."""
    sizes = float(first @ first), float(second @ second)
    if not all(sizes):
        return float(any(sizes))
    cosine = float(first @ second) / (sqrt(sizes[0]) * sqrt(sizes[1]))
    return min(1.0, max(0.0, 1.0 - cosine))


@lru_cache(maxsize=1 << 14)
def _hashes(word: str) -> bytes:
    """Return 64-bit hashes of a word and of its trigrams, ends marked by spaces."""
    padded = f" {word} "
    trigrams = [padded[i : i + 3] for i in range(len(word))]
    return _hash(padded) + b"".join(map(_hash_of_trigram, trigrams))


def _hash(piece: str) -> bytes:
    hashed = _KEYED.copy()
    hashed.update(piece.encode())
    return hashed.digest()


@lru_cache(maxsize=1 << 15)
def _hash_of_trigram(trigram: str) -> bytes:
    return _hash(trigram)
