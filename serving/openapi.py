"""Pieces of an OpenAPI document."""

from http import HTTPStatus
from typing import Any


def example(
    value: Any, media_type: str = "application/json", **more: Any
) -> dict[int | str, dict[str, Any]]:
    """Description of a success with an example; `more` is added to its media type."""
    return {HTTPStatus.OK: {"content": {media_type: {**more, "example": value}}}}
