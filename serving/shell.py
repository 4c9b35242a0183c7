"""The outermost layers of a service, as plain ASGI: a request pays for them on every route."""

import logging
import time
from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving import context
from serving.errors import ApiError, envelope
from serving.lifecycle import Lifecycle
from serving.metrics import Metrics

QUIET_ROUTES = frozenset({"/health", "/ready", "/metrics", "/status/"})
"""Polled by machines: logged at DEBUG."""

SECURITY_HEADERS: Mapping[str, str] = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    "strict-transport-security": "max-age=31536000",
}

UNMATCHED = "unmatched"
"""Route label of requests that no route takes."""

logger = logging.getLogger("serving.access")


class Shell:
    """Ids, response headers, access log and metrics of each request."""

    def __init__(self, app: ASGIApp, metrics: Metrics, lifecycle: Lifecycle) -> None:
        self._app = app
        self._metrics = metrics
        self._lifecycle = lifecycle
        self._headers = [(n.encode(), v.encode()) for n, v in SECURITY_HEADERS.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request = context.from_headers(scope["headers"])
        token = context.CURRENT.set(request)
        status = HTTPStatus.INTERNAL_SERVER_ERROR.value

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._complete(message["headers"], request.request_id)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            self._account(scope, status, time.perf_counter() - started)
            context.CURRENT.reset(token)

    def _complete(self, headers: list[tuple[bytes, bytes]], request_id: str) -> None:
        """Add what every answer carries; what the route set itself stays."""
        present = {name for name, _ in headers}
        headers.extend(header for header in self._headers if header[0] not in present)
        headers.append((b"x-request-id", request_id.encode()))
        if self._lifecycle.draining:
            headers.append((b"connection", b"close"))

    def _account(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", UNMATCHED)
        self._metrics.observe(scope["method"], route, status, seconds)
        level = logging.DEBUG if route in QUIET_ROUTES else logging.INFO
        if logger.isEnabledFor(level):
            fields = {
                "method": scope["method"],
                "path": scope["path"],
                "route": route,
                "status": status,
                "duration_ms": round(seconds * 1000, 3),
            }
            logger.log(level, "request", extra={"fields": fields})


class Guard:
    """Refuses bodies past a size before anything reads them; turns crashes into the envelope."""

    def __init__(
        self, app: ASGIApp, max_body_bytes: int, max_body_bytes_of: Mapping[str, int]
    ) -> None:
        self._app = app
        self._limit = max_body_bytes
        self._limit_of = dict(max_body_bytes_of)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def noted_send(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, self._limited(scope, receive), noted_send)
        except Exception as error:
            if begun:
                raise
            await _answer(error)(scope, receive, send)

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        if scope["method"] in ("GET", "HEAD"):
            return receive
        limit = self._limit_of.get(scope["path"], self._limit)
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit() and int(value) > limit:
                raise _too_large(limit)
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                raise _too_large(limit)
            return message

        return counted


def _too_large(limit: int) -> ApiError:
    return ApiError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "body_too_large",
        f"The body is larger than {limit} bytes.",
        headers={"Connection": "close"},
    )


def _answer(error: Exception) -> Response:
    if isinstance(error, ApiError):
        return error.response()
    logger.error("request failed", exc_info=error)
    return envelope(
        HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", "The request failed; it is logged."
    )
