"""The gateway's only way to the core: pooled HTTP with deadlines."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, TypeVar

from app.core_http import (
    Answer,
    CoreBrokenError,
    CoreError,
    CoreSlowError,
    HttpTransport,
    Transport,
)
from app.settings import Settings
from serving.context import CURRENT
from serving.errors import ApiError, unavailable

STATUS_SECONDS = 0.8

logger = logging.getLogger(__name__)

T = TypeVar("T")


class CoreClient:
    """Requests to one core, on behalf of the request being served."""

    def __init__(self, settings: Settings, transport: Transport | None = None) -> None:
        """Connect lazily; `transport` replaces the network."""
        self._transport = transport or HttpTransport(settings.core_url, settings.core_timeout)

    async def close(self) -> None:
        """Close every connection; no request may follow."""
        await self._transport.close()

    async def status(self) -> bytes:
        """The core's own account of its readiness, as JSON.

        Raises ApiError 503 in less than a second where it is away, slow or not ready.
        """
        try:
            async with asyncio.timeout(STATUS_SECONDS):
                answer = await self._ask("GET", "/ready", None)
                content = await answer.read()
        except (CoreError, TimeoutError):
            raise _away() from None
        if answer.status != HTTPStatus.OK:
            raise _away()
        return content

    async def get(self, path: str, query: str = "") -> bytes:
        """Body of the core's answer to GET; raises like `post`."""
        return await self._read("GET", f"{path}?{query}" if query else path, None)

    async def post(self, path: str, body: bytes) -> bytes:
        """Body of the core's answer to `body`, JSON that the gateway has validated.

        Raises ApiError: the core's own refusal, 503 where it is away or busy, 504 where it is
        slow, 502 where it failed.
        """
        return await self._read("POST", path, body)

    async def open(self, path: str, body: bytes) -> Answer:
        """Start an answer that comes in pieces; the caller closes it. Raises like `post`."""
        with _told():
            answer = await _twice(self._ask, "POST", path, body)
            if answer.status != HTTPStatus.OK:
                raise _refusal(answer, await answer.read())
        return answer

    async def _read(self, method: str, target: str, body: bytes | None) -> bytes:
        with _told():
            answer, content = await _twice(self._ask_and_read, method, target, body)
        if answer.status != HTTPStatus.OK:
            raise _refusal(answer, content)
        return content

    async def _ask_and_read(
        self, method: str, target: str, body: bytes | None
    ) -> tuple[Answer, bytes]:
        answer = await self._ask(method, target, body)
        return answer, await answer.read()

    async def _ask(self, method: str, target: str, body: bytes | None) -> Answer:
        return await self._transport.ask(method, target, _headers(), body)


async def _twice(
    ask: Callable[[str, str, bytes | None], Awaitable[T]],
    method: str,
    target: str,
    body: bytes | None,
) -> T:
    """Ask again where the connection broke.

    What the core computes depends on the request alone, so asking twice is safe.
    """
    try:
        return await ask(method, target, body)
    except CoreBrokenError:
        return await ask(method, target, body)


@contextmanager
def _told() -> Iterator[None]:
    """Faults on the way to the core as the caller is told of them."""
    try:
        yield
    except CoreSlowError:
        message = "kaldra-core takes too long to answer."
        raise ApiError(HTTPStatus.GATEWAY_TIMEOUT, "core_timeout", message) from None
    except CoreError:
        raise _away() from None


def _away() -> ApiError:
    return unavailable("core_unavailable", "kaldra-core does not answer; try again shortly.")


def _refusal(answer: Answer, content: bytes) -> ApiError:
    """The core's own fault as ours: it writes the same envelope."""
    status = answer.status
    try:
        error: dict[str, Any] = json.loads(content)["error"]
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
