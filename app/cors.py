"""Browsers' access for listed origins, refused like everything else: in the one envelope."""

from collections.abc import Sequence
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

from app.auth import HEADER
from serving.errors import ApiError

_KEPT = ("access-control-", "vary")


class CrossOrigin(CORSMiddleware):
    """Starlette's without credentials, since keys travel in a header.

    A refused preflight is not plain text.
    """

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=("GET", "POST"),
            allow_headers=(HEADER, "Content-Type", "X-Request-ID", "traceparent", "tracestate"),
            expose_headers=("X-Request-ID", "Retry-After", "RateLimit", "RateLimit-Policy"),
        )

    def preflight_response(self, request_headers: Headers) -> Response:
        """Answer a browser that asks whether it may ask."""
        answer = super().preflight_response(request_headers)
        if answer.status_code == HTTPStatus.OK:
            return answer
        refusal = bytes(answer.body).decode()
        kept = {name: value for name, value in answer.headers.items() if name.startswith(_KEPT)}
        error = ApiError(answer.status_code, "cors_refused", f"{refusal}.", headers=kept)
        return error.response()
