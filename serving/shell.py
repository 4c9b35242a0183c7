"""The outermost layers of a service, as plain ASGI: a request pays for them on every route."""

import asyncio
import logging
import re
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from opentelemetry.trace import StatusCode, Tracer
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving import context
from serving.errors import EXAMPLES, ApiError, unavailable
from serving.lifecycle import Lifecycle
from serving.metrics import Metrics

PROBED_ROUTES = frozenset({"/health", "/ready"})
"""Asked by the kubelet under the pod's address, whatever hosts are allowed."""

QUIET_ROUTES = PROBED_ROUTES | {"/status/"}
"""Polled by machines: logged at DEBUG."""

REFUSALS = frozenset({HTTPStatus.TOO_MANY_REQUESTS.value, HTTPStatus.SERVICE_UNAVAILABLE.value})
REFUSALS_LOGGED = 10
"""In a second; the others are logged at DEBUG. A line costs as much as the refusal itself, and a
flood of them would push everything else out of the logs. Metrics count them all."""

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

LONGEST_PATH = 256
"""Characters of a path that are logged: a head may have a hundred times as many."""

PIECE = 64 << 10
"""Bytes of an answer that are sent at once: the next piece waits until the client has read on."""

_HOST = re.compile(rb"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")

logger = logging.getLogger("serving.access")


class Shell:
    """Ids, response headers, access log, metrics and span of each request."""

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        lifecycle: Lifecycle,
        tracer: Tracer = context.NOT_TRACED,
    ) -> None:
        self._app = app
        self._tracer = tracer
        self._metrics = metrics
        self._lifecycle = lifecycle
        self._headers = [(n.encode(), v.encode()) for n, v in SECURITY_HEADERS.items()]
        self._refusals = (0, 0)
        """A second, and how many requests were refused in it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        if scope["method"] == "HEAD":
            # Answered like GET; the server leaves the body away by its own copy of the scope.
            scope = {**scope, "method": "GET", "kaldra.method": "HEAD"}
        tracer = context.NOT_TRACED if scope["path"] in PROBED_ROUTES else self._tracer
        request = context.begin(scope["headers"], scope["method"], tracer)
        token = context.CURRENT.set(request)
        status = HTTPStatus.INTERNAL_SERVER_ERROR.value

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._complete(message["headers"], request)
            elif len(message.get("body", b"")) > PIECE:
                body = message["body"]
                for start in range(0, len(body) - PIECE, PIECE):
                    piece = body[start : start + PIECE]
                    await send({**message, "body": piece, "more_body": True})
                message = {**message, "body": body[-(len(body) % PIECE or PIECE) :]}
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            method = scope.get("kaldra.method", scope["method"])
            route = getattr(scope.get("route"), "path", UNMATCHED)
            self._account(scope["path"], method, route, status, time.perf_counter() - started)
            if request.span.is_recording():
                _end_span(request, method, route, status)
            context.CURRENT.reset(token)

    def _complete(
        self, headers: list[tuple[bytes, bytes]], request: context.RequestContext
    ) -> None:
        """Add what every answer carries; what the route set itself stays."""
        present = {name for name, _ in headers}
        headers.extend(header for header in self._headers if header[0] not in present)
        headers.extend(request.answer_headers)
        headers.append((b"x-request-id", request.request_id.encode()))
        if self._lifecycle.draining:
            headers.append((b"connection", b"close"))

    def _account(self, path: str, method: str, route: str, status: int, seconds: float) -> None:
        self._metrics.observe(method, route, status, seconds)
        quiet = route in QUIET_ROUTES or (status in REFUSALS and self._many_refusals())
        level = logging.DEBUG if quiet else logging.INFO
        if logger.isEnabledFor(level):
            fields = {
                "method": method,
                "path": path[:LONGEST_PATH],
                "route": route,
                "status": status,
                "duration_ms": round(seconds * 1000, 3),
            }
            logger.log(level, "request", extra={"fields": fields})

    def _many_refusals(self) -> bool:
        """Count a refusal; whether this second has more than are logged."""
        second, count = int(time.monotonic()), 1
        if second == self._refusals[0]:
            count += self._refusals[1]
        self._refusals = second, count
        return count > REFUSALS_LOGGED


class Guard:
    """Refuses requests to other hosts; turns crashes and cut requests into the envelope."""

    def __init__(
        self, app: ASGIApp, lifecycle: Lifecycle, allowed_hosts: Sequence[str] = ()
    ) -> None:
        self._app = app
        self._lifecycle = lifecycle
        self._allowed = {host.encode() for host in allowed_hosts}

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
            self._check_host(scope)
            await self._app(scope, receive, noted_send)
        except Exception as error:
            if begun:
                raise
            if not isinstance(error, ApiError):
                logger.exception("request failed")
                status = HTTPStatus.INTERNAL_SERVER_ERROR
                error = ApiError(status, *EXAMPLES[status])
            await error.response()(scope, receive, send)
        except asyncio.CancelledError:
            if begun or not self._lifecycle.draining:
                raise
            cut = unavailable("shutting_down", "The service is shutting down; try again.")
            await cut.response()(scope, receive, send)

    def _check_host(self, scope: Scope) -> None:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if not hosts and scope["http_version"] == "1.0":
            return
        found = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
        limited = self._allowed and scope["path"] not in PROBED_ROUTES
        if not found or (limited and found[1].lower() not in self._allowed):
            raise ApiError(
                HTTPStatus.BAD_REQUEST, "bad_host", "The Host header names none of our hosts."
            )


def _end_span(request: context.RequestContext, method: str, route: str, status: int) -> None:
    """Name the span by its route; path, query and host may hold what callers keep secret."""
    span = request.span
    span.update_name(f"{method} {route}")
    span.set_attributes(
        {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
            "kaldra.request_id": request.request_id,
        }
    )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        span.set_status(StatusCode.ERROR)
    span.end()
