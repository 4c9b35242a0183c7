"""Examples of answers for the OpenAPI document; each is what the core really answers."""

import json
from pathlib import Path
from typing import Any

from serving.openapi import example
from serving.streaming import NDJSON

DIRECTORY = Path(__file__).with_name("example_answers")


def of(name: str) -> dict[int | str, dict[str, Any]]:
    """OpenAPI description of a success with a JSON example."""
    return example(json.loads((DIRECTORY / name).read_text(encoding="utf-8")))


def of_lines(name: str) -> dict[int | str, dict[str, Any]]:
    """OpenAPI description of a success of many lines, with an example."""
    text = (DIRECTORY / name).read_text(encoding="utf-8")
    return example(text, NDJSON, schema={"type": "string"})
