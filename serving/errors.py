"""One error envelope: `{"error": {"code", "message", "details", "request_id"}}`."""

import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from serving.context import request_id

logger = logging.getLogger(__name__)


class ErrorBody(BaseModel):
    """What went wrong."""

    code: str = Field(description="Stable, machine-readable name of the fault")
    message: str = Field(description="What happened, for people")
    details: list[dict[str, Any]] = Field(description="Where exactly, as far as it is known")
    request_id: str = Field(description="Id to quote; the logs have the same")


class ErrorEnvelope(BaseModel):
    """Body of every answer that is not a success."""

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
        return envelope(
            self.status_code, self.code, self.detail, details=self.details, headers=self.headers
        )


def unavailable(code: str, message: str, *, retry_after: int = 1) -> ApiError:
    """A fault that passes: 503 with Retry-After in seconds."""
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return ApiError(status, code, message, headers={"Retry-After": str(retry_after)})


def envelope(
    status: int,
    code: str,
    message: str,
    *,
    details: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Response with the envelope as its body."""
    body = json.dumps(_document(code, message, details))
    return Response(body, status, headers=dict(headers or {}), media_type="application/json")


def error_line(code: str, message: str) -> bytes:
    """The envelope as the last line of an answer of many lines."""
    return json.dumps(_document(code, message, ())).encode() + b"\n"


def _document(code: str, message: str, details: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "error": {
            "code": code,
            "message": message,
            "details": list(details),
            "request_id": request_id(),
        }
    }


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI descriptions of answers with the envelope."""
    return {
        status: {"model": ErrorEnvelope, "description": HTTPStatus(status).phrase}
        for status in statuses
    }


def install(app: FastAPI) -> None:
    """Answer every fault of `app` with the envelope, never with an exception's text."""
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(RequestValidationError, _invalid_request)


async def _api_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)  # noqa: S101  registered for nothing else
    return error.response()


async def _http_exception(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  registered for nothing else
    status = HTTPStatus(error.status_code)
    code = status.phrase.lower().replace(" ", "_").replace("-", "_")
    return envelope(status, code, f"{status.phrase}.", headers=error.headers)


async def _invalid_request(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  registered for nothing else
    faults = error.errors()
    if any(fault["type"] == "json_invalid" for fault in faults):
        position = faults[0]["loc"][-1]
        details = [{"where": "body", "message": f"not valid JSON at character {position}"}]
        return envelope(
            HTTPStatus.BAD_REQUEST, "bad_json", "The body is not JSON.", details=details
        )
    details = [
        {"where": ".".join(str(part) for part in fault["loc"]), "message": fault["msg"]}
        for fault in faults
    ]
    message = f"The request does not fit: {details[0]['where']}: {details[0]['message']}."
    return envelope(HTTPStatus.UNPROCESSABLE_ENTITY, "validation_error", message, details=details)
