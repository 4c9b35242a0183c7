"""The gateway's only way to the core: pooled HTTP with deadlines."""

import asyncio

import httpx

from app.settings import Settings
from serving.context import CURRENT
from serving.errors import ApiError, unavailable

CONNECT_SECONDS = 0.5
STATUS_SECONDS = 0.8
IDLE_SECONDS = 30
"""Shorter than the core keeps an idle connection, so that it is never closed under a request."""

CONNECTIONS = 100


class CoreClient:
    """Requests to one core, on behalf of the request being served."""

    def __init__(
        self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        """Connect lazily; `transport` replaces the network."""
        limits = httpx.Limits(
            max_connections=CONNECTIONS,
            max_keepalive_connections=CONNECTIONS,
            keepalive_expiry=IDLE_SECONDS,
        )
        self._http = httpx.AsyncClient(
            base_url=settings.core_url,
            timeout=httpx.Timeout(settings.core_timeout, connect=CONNECT_SECONDS),
            transport=transport or httpx.AsyncHTTPTransport(limits=limits),
            trust_env=False,
        )

    async def close(self) -> None:
        """Close every connection; no request may follow."""
        await self._http.aclose()

    async def status(self) -> bytes:
        """The core's own account of its readiness, as JSON.

        Raises ApiError 503 in less than a second where it is away, slow or not ready.
        """
        try:
            async with asyncio.timeout(STATUS_SECONDS):
                answer = await self._http.get("/ready", headers=_passed_on())
        except (httpx.TransportError, TimeoutError):
            raise away() from None
        if answer.status_code != httpx.codes.OK:
            raise away()
        return answer.content


def away() -> ApiError:
    """The core does not answer, for now."""
    return unavailable("core_unavailable", "kaldra-core does not answer; try again shortly.")


def _passed_on() -> dict[str, str]:
    context = CURRENT.get()
    return context.headers() if context else {}
