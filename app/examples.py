"""Examples of answers for the OpenAPI document; each is what the core really answers."""

import json
from pathlib import Path
from typing import Any

from serving.openapi import example
from serving.streaming import NDJSON

DIRECTORY = Path(__file__).with_name("example_answers")


def of(name: str) -> dict[int | str, dict[str, Any]]:
    """OpenAPI description of a success with an example, JSON or many lines of it."""
    text = (DIRECTORY / name).read_text(encoding="utf-8")
    if name.endswith(".ndjson"):
        return example(text, NDJSON, schema={"type": "string"})
    return example(json.loads(text))
