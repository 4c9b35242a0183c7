"""Canonical bytes and hashes: equal results are equal byte for byte."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from core.model import Floats

DECIMALS = 6

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def dumps(result: Any) -> bytes:
    """Return the canonical UTF-8 JSON of a kernel result (insertion order, no spaces)."""
    return _encode(result).encode()


def rounded(values: Floats) -> Any:
    """Return nested lists of floats with six decimals, without negative zeros."""
    return (np.round(values, DECIMALS) + 0.0).tolist()


def rounded_blocks(blocks: Sequence[Floats]) -> Iterator[tuple[list[float], ...]]:
    """Yield, for each row, one list per block of (rows, width) arrays.

    All are rounded at once, but a row becomes lists only when it is asked for: many lists at a time
    are work for the garbage collector.
    """
    whole = np.round(np.concatenate(blocks, axis=1), DECIMALS) + 0.0
    bounds = [
        slice(*ends) for ends in pairwise(accumulate((b.shape[1] for b in blocks), initial=0))
    ]
    for row in whole:
        numbers = row.tolist()
        yield tuple([numbers[place] for place in bounds])


def number(value: float) -> float:
    """Return one float with six decimals, without a negative zero."""
    return round(float(value), DECIMALS) + 0.0


def digest(parts: Iterable[str]) -> str:
    """Return the SHA-256 of length-prefixed parts, as 64 hex digits."""
    hashed = hashlib.sha256()
    for part in parts:
        data = part.encode()
        hashed.update(b"%d:" % len(data))
        hashed.update(data)
    return hashed.hexdigest()
