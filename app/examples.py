"""Examples of answers for the OpenAPI document; each is what the core really answers."""

import json
from http import HTTPStatus
from pathlib import Path
from typing import Any

DIRECTORY = Path(__file__).with_name("example_answers")


def of(name: str, media_type: str = "application/json") -> dict[int | str, dict[str, Any]]:
    """OpenAPI description of a success, with the example in `example_answers`."""
    text = (DIRECTORY / name).read_text(encoding="utf-8")
    example = json.loads(text) if name.endswith(".json") else text
    return {HTTPStatus.OK: {"content": {media_type: {"example": example}}}}
