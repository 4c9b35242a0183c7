"""The gateway's only way to the core: pooled HTTP with deadlines."""

import asyncio
import json
import logging
from http import HTTPStatus
from typing import Any

import httpx2

from app.settings import Settings
from serving.context import CURRENT
from serving.errors import ApiError, unavailable

CONNECT_SECONDS = 0.5
STATUS_SECONDS = 0.8
IDLE_SECONDS = 30
"""Shorter than the core keeps an idle connection, so that it is never closed under a request."""

CONNECTIONS = 100

BROKEN = (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError)
"""The connection ended under the request, as it does while a core is replaced."""

logger = logging.getLogger(__name__)


class CoreClient:
    """Requests to one core, on behalf of the request being served."""

    def __init__(
        self, settings: Settings, transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        """Connect lazily; `transport` replaces the network."""
        limits = httpx2.Limits(
            max_connections=CONNECTIONS,
            max_keepalive_connections=CONNECTIONS,
            keepalive_expiry=IDLE_SECONDS,
        )
        self._transport = transport or httpx2.AsyncHTTPTransport(limits=limits)
        self._core_url = settings.core_url
        self._urls: dict[str, httpx2.URL] = {}
        timeout = httpx2.Timeout(settings.core_timeout, connect=CONNECT_SECONDS)
        self._extensions = {"timeout": timeout.as_dict()}

    async def close(self) -> None:
        """Close every connection; no request may follow."""
        await self._transport.aclose()

    async def status(self) -> bytes:
        """The core's own account of its readiness, as JSON.

        Raises ApiError 503 in less than a second where it is away, slow or not ready.
        """
        try:
            async with asyncio.timeout(STATUS_SECONDS):
                answer = await self._ask("GET", "/ready", None, stream=False)
        except (httpx2.TransportError, TimeoutError):
            raise _away() from None
        if answer.status_code != HTTPStatus.OK:
            raise _away()
        return answer.content

    async def get(self, path: str, query: str = "") -> bytes:
        """Body of the core's answer to GET; raises like `post`."""
        target = f"{path}?{query}" if query else path
        answer = await self._send("GET", target, None, stream=False)
        return answer.content

    async def post(self, path: str, body: bytes) -> bytes:
        """Body of the core's answer to `body`, JSON that the gateway has validated.

        Raises ApiError: the core's own refusal, 503 where it is away or busy, 504 where it is
        slow, 502 where it failed.
        """
        answer = await self._send("POST", path, body, stream=False)
        return answer.content

    async def open(self, path: str, body: bytes) -> httpx2.Response:
        """Start an answer that comes in pieces; the caller closes it. Raises like `post`."""
        return await self._send("POST", path, body, stream=True)

    async def _send(
        self, method: str, target: str, body: bytes | None, *, stream: bool
    ) -> httpx2.Response:
        try:
            try:
                answer = await self._ask(method, target, body, stream=stream)
            except BROKEN:
                # What the core computes depends on the request alone, so asking twice is safe.
                answer = await self._ask(method, target, body, stream=stream)
        except httpx2.ReadTimeout:
            message = "kaldra-core takes too long to answer."
            raise ApiError(HTTPStatus.GATEWAY_TIMEOUT, "core_timeout", message) from None
        except httpx2.TransportError:
            raise _away() from None
        if answer.status_code != HTTPStatus.OK:
            await _read(answer)
            raise _refusal(answer)
        return answer

    async def _ask(
        self, method: str, target: str, body: bytes | None, *, stream: bool
    ) -> httpx2.Response:
        """Send one request by the transport itself.

        The client above it would merge URLs, cookies, redirects and authentication, which no
        request to the core has, and take longer than all the rest of the gateway.
        """
        url = self._urls.get(target)
        if url is None:
            url = self._urls[target] = httpx2.URL(self._core_url + target)
        request = httpx2.Request(
            method, url, headers=_headers(), content=body, extensions=self._extensions
        )
        answer = await self._transport.handle_async_request(request)
        if not stream:
            await _read(answer)
        return answer


async def _read(answer: httpx2.Response) -> None:
    """Read all of an answer; its connection is given back whatever happens."""
    try:
        await answer.aread()
    finally:
        await answer.aclose()


def _away() -> ApiError:
    return unavailable("core_unavailable", "kaldra-core does not answer; try again shortly.")


def _refusal(answer: httpx2.Response) -> ApiError:
    """The core's own fault as ours: it writes the same envelope."""
    status = answer.status_code
    try:
        error: dict[str, Any] = json.loads(answer.content)["error"]
        code, message, details = str(error["code"]), str(error["message"]), error["details"]
    except (ValueError, KeyError, TypeError):
        code, message, details = "", "", []
    known = code and status < HTTPStatus.INTERNAL_SERVER_ERROR
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        retry = answer.headers.get("retry-after", "")
        return unavailable(
            "core_unavailable",
            "kaldra-core is busy or starting; try again shortly.",
            retry_after=int(retry) if retry.isdigit() else 1,
        )
    if not known:
        logger.error("core failed", extra={"fields": {"core_status": status}})
        return ApiError(HTTPStatus.BAD_GATEWAY, "core_failed", "kaldra-core failed; it is logged.")
    return ApiError(status, code, message, details=details)


def _headers() -> dict[str, str]:
    context = CURRENT.get()
    headers = context.headers() if context else {}
    headers["content-type"] = "application/json"
    return headers
