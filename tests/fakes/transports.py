"""Transports to the core for tests: functions and applications instead of a network."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager

import httpx2

from app.core_http import CoreConnectionLostError, CoreTimeoutError, CoreUnavailableError

URL = "http://core"


class InProcess:
    """A core that is asked within this process, by a transport of httpx2."""

    def __init__(self, transport: httpx2.AsyncBaseTransport) -> None:
        self._transport = transport

    async def ask(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None
    ) -> "_Answer":
        request = httpx2.Request(method, URL + target, headers=dict(headers), content=body)
        with faults():
            return _Answer(await self._transport.handle_async_request(request))

    async def close(self) -> None:
        await self._transport.aclose()


class _Answer:
    def __init__(self, answer: httpx2.Response) -> None:
        self.status = answer.status_code
        self.headers: Mapping[str, str] = answer.headers
        self._answer = answer

    async def read(self) -> bytes:
        with faults():
            return await self._answer.aread()

    async def pieces(self) -> AsyncIterator[bytes]:
        with faults():
            async for piece in self._answer.aiter_raw():
                yield piece

    async def close(self) -> None:
        await self._answer.aclose()


@contextmanager
def faults() -> Iterator[None]:
    try:
        yield
    except httpx2.ReadTimeout as error:
        raise CoreTimeoutError(str(error)) from error
    except (httpx2.RemoteProtocolError, httpx2.ReadError) as error:
        raise CoreConnectionLostError(str(error)) from error
    except httpx2.TransportError as error:
        raise CoreUnavailableError(str(error)) from error
