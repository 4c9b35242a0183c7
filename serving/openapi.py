"""The OpenAPI document: models of answers, examples."""

from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute


class DescribedRoute(APIRoute):
    """A route whose endpoint returns a Response; the models of its answers are documentation.

    FastAPI's fields for them are made with the document: they take longer than all the rest of a
    service's start.
    """

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        responses: Mapping[int | str, dict[str, Any]],
        **options: Any,
    ) -> None:
        self._documented = partial(APIRoute, path, endpoint, responses=dict(responses), **options)
        bare = {
            status: {name: value for name, value in described.items() if name != "model"}
            for status, described in responses.items()
        }
        super().__init__(path, endpoint, responses=bare, **{**options, "response_model": None})

    def describe(self) -> None:
        """Make the fields of the answers."""
        documented = self._documented()
        self.response_field = documented.response_field
        self.response_fields = documented.response_fields


class DescribedApp(FastAPI):
    """An application whose OpenAPI document keeps the nulls in examples, which FastAPI removes."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document, made at the first call."""
        if self.openapi_schema:
            return self.openapi_schema
        for route in self.routes:
            if isinstance(route, DescribedRoute):
                route.describe()
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
