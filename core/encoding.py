"""Canonical bytes and hashes: equal results are equal byte for byte."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
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


def rounded_rows(blocks: Mapping[str, Floats]) -> Iterator[dict[str, Any]]:
    """Yield each row of named arrays, a number of (rows,) and a list of (rows, width).

    All are rounded at once, but a row becomes lists only when it is asked for: many lists at a time
    are work for the garbage collector.
    """
    places: dict[str, int | slice] = {}
    end = 0
    for name, block in blocks.items():
        start, end = end, end + (block.shape[1] if block.ndim > 1 else 1)
        places[name] = slice(start, end) if block.ndim > 1 else start
    whole = np.round(np.column_stack(list(blocks.values())), DECIMALS) + 0.0
    for row in whole:
        numbers = row.tolist()
        yield {name: numbers[place] for name, place in places.items()}


def number(value: float) -> float:
    """Return one float with six decimals, without a negative zero."""
    return round(float(value), DECIMALS) + 0.0


def named(names: Iterable[str], values: Iterable[float]) -> Any:
    """Return an object that has these names, in their order, and their numbers."""
    return dict(zip(names, values, strict=True))


def digest(parts: Iterable[str]) -> str:
    """Return the SHA-256 of length-prefixed parts, as 64 hex digits."""
    hashed = hashlib.sha256()
    for part in parts:
        data = part.encode()
        hashed.update(b"%d:" % len(data))
        hashed.update(data)
    return hashed.hexdigest()
