"""The OpenAPI document, and examples of answers in it."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute


class DescribedApp(FastAPI):
    """An application whose OpenAPI document keeps the nulls in examples, which FastAPI removes."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document, made at the first call."""
        if self.openapi_schema:
            return self.openapi_schema
        document = super().openapi()
        for route in self.routes:
            if isinstance(route, APIRoute) and route.include_in_schema:
                described = route.responses.get(HTTPStatus.OK, {}).get("content", {})
                for operation in document["paths"][route.path_format].values():
                    content = operation["responses"]["200"]["content"]
                    for media_type, media in described.items():
                        content[media_type]["example"] = media["example"]
        return document


def example(
    value: Any, media_type: str = "application/json", **more: Any
) -> dict[int | str, dict[str, Any]]:
    """Description of a success with an example; `more` is added to its media type."""
    return {HTTPStatus.OK: {"content": {media_type: {**more, "example": value}}}}
