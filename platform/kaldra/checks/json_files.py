"""JSON as it is written by hand: plain, with each key once."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def faults(path: Path) -> Iterator[str]:
    """What is wrong with a file; the first of what keeps it from being read."""
    try:
        text = path.read_bytes().decode("utf-8")
        json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
    except (UnicodeDecodeError, ValueError) as error:
        yield str(error)
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip():
            yield f"line {number}: space at the end"
        if "\t" in line:
            yield f"line {number}: a tab"
    if not text.endswith("\n") or text.endswith("\n\n"):
        yield "one line end is needed at the end of the file"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"key {key!r} is there twice")
        found[key] = value
    return found


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no JSON")
