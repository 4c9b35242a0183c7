"""One error envelope: `{"error": {"code", "message", "details", "request_id"}}`."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.responses import Response

from serving.context import request_id

CLIENT_CLOSED_REQUEST = 499
"""Status in logs and metrics of requests whose client left; nobody receives it."""

MOST_DETAILS = 20
"""Faults of one request that are listed."""

LONGEST_PLACE = 200
"""Characters of a fault's place that are shown: names of fields come from the caller."""


class ErrorBody(BaseModel):
    """What went wrong."""

    code: str = Field(description="Stable, machine-readable name of the fault")
    message: str = Field(description="What happened, for people")
    details: list[dict[str, Any]] = Field(description="Where exactly, as far as it is known")
    request_id: str = Field(description="Id to quote; the logs have the same")


class ErrorEnvelope(BaseModel):
    """Body of every answer that is not a success."""

    model_config = ConfigDict(defer_build=True)

    error: ErrorBody


class ApiError(HTTPException):
    """A fault to be answered with the envelope; all of it is shown to the caller.

    An HTTPException, because FastAPI lets no other pass that is raised while it reads a body.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, message, headers)
        self.code = code
        self.details = [dict(detail) for detail in details]

    def response(self) -> Response:
        """The envelope as a response."""
        body = to_json(_document(self.code, self.detail, self.details), ensure_ascii=True)
        return Response(body, self.status_code, headers=self.headers, media_type="application/json")


def unavailable(code: str, message: str, *, retry_after: int = 1) -> ApiError:
    """A fault that passes: 503 with Retry-After in seconds."""
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return ApiError(status, code, message, headers={"Retry-After": str(retry_after)})


def client_left() -> ApiError:
    """The end of a request whose client has disconnected."""
    return ApiError(CLIENT_CLOSED_REQUEST, "client_left", "The client has left.")


def invalid_body(error: ValidationError) -> ApiError:
    """A body that is no JSON, or does not fit its model."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    if faults[0]["type"] == "json_invalid":
        details = [{"where": "body", "message": faults[0]["msg"]}]
        return ApiError(
            HTTPStatus.BAD_REQUEST, "bad_json", "The body is not JSON.", details=details
        )
    return _invalid([{**fault, "loc": ("body", *fault["loc"])} for fault in faults])


def _invalid(faults: Sequence[Mapping[str, Any]]) -> ApiError:
    details = [
        {"where": ".".join(map(str, f["loc"]))[:LONGEST_PLACE], "message": f["msg"]}
        for f in faults[:MOST_DETAILS]
    ]
    more = len(faults) - len(details)
    message = f"The request does not fit: {details[0]['where']}: {details[0]['message']}."
    return ApiError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "validation_error",
        f"{message} {more} more faults are not listed." if more else message,
        details=details,
    )


def error_line(code: str, message: str) -> bytes:
    """The envelope as the last line of an answer of many lines."""
    return to_json(_document(code, message, ()), ensure_ascii=True) + b"\n"


def _document(code: str, message: str, details: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "error": {
            "code": code,
            "message": message,
            "details": list(details),
            "request_id": request_id(),
        }
    }


EXAMPLES: Mapping[int, tuple[str, str]] = {
    400: ("bad_json", "The body is not JSON."),
    401: ("unauthorized", "X-API-Key is missing."),
    413: ("body_too_large", "The body is larger than 1048576 bytes."),
    415: ("unsupported_media_type", "The body must be application/json."),
    422: ("validation_error", "The request does not fit: body.text: Field required."),
    429: ("rate_limit_exceeded", "More than 100 requests in a minute; wait 12 s."),
    500: ("internal_error", "The request failed; it is logged."),
    502: ("core_failed", "kaldra-core failed; it is logged."),
    503: ("busy", "Too many requests at once; try again shortly."),
    504: ("core_timeout", "kaldra-core takes too long to answer."),
}
"""Example error of each status, for the OpenAPI document."""


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI descriptions of answers with the envelope, each with an example."""
    found: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        code, message = EXAMPLES[status]
        body = {"code": code, "message": message, "details": [], "request_id": "0f8e2c5b9a7d4e31"}
        found[status] = {
            "model": ErrorEnvelope,
            "description": HTTPStatus(status).phrase,
            "content": {"application/json": {"example": {"error": body}}},
        }
    return found


def example(
    value: Any, media_type: str = "application/json", **more: Any
) -> dict[int | str, dict[str, Any]]:
    """OpenAPI description of a success with an example; `more` is added to its media type."""
    return {HTTPStatus.OK: {"content": {media_type: {**more, "example": value}}}}


def install(app: FastAPI) -> None:
    """Answer every fault of `app` with the envelope, never with an exception's text."""
    for kind in (HTTPException, RequestValidationError):
        app.add_exception_handler(kind, _answer)


async def _answer(_request: Request, error: Exception) -> Response:
    if isinstance(error, RequestValidationError):
        error = _invalid(error.errors())
    if isinstance(error, ApiError):
        return error.response()
    assert isinstance(error, HTTPException)  # noqa: S101  registered for nothing else
    status = HTTPStatus(error.status_code)
    code = status.phrase.lower().replace(" ", "_").replace("-", "_")
    headers = dict(error.headers or {})
    if headers.get("Allow") == "GET":  # HEAD is answered wherever GET is: see serving.shell
        headers["Allow"] = "GET, HEAD"
    return ApiError(status, code, f"{status.phrase}.", headers=headers).response()
