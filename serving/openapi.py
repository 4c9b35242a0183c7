"""Examples in an OpenAPI document."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute


class DescribedApp(FastAPI):
    """An application whose OpenAPI document keeps the nulls in examples, which FastAPI removes."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        document = super().openapi()
        for route in self.routes:
            if isinstance(route, APIRoute) and route.include_in_schema:
                described = route.responses.get(HTTPStatus.OK, {}).get("content", {})
                for method in route.methods or ():
                    operation = document["paths"][route.path_format][method.lower()]
                    for media_type, media in described.items():
                        answer = operation["responses"]["200"]["content"][media_type]
                        answer["example"] = media["example"]
        return document


def example(
    value: Any, media_type: str = "application/json", **more: Any
) -> dict[int | str, dict[str, Any]]:
    """Description of a success with an example; `more` is added to its media type."""
    return {HTTPStatus.OK: {"content": {media_type: {**more, "example": value}}}}
