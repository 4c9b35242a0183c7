"""HTTP to the core as the gateway needs it: an answer, or one of four ways to have none."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import aiohttp
import yarl
from aiohttp.abc import ResolveResult

CONNECT_SECONDS = 3
"""Longer than the second after which a lost packet is sent again, and than a starved process takes
to notice that it is connected."""

IDLE_SECONDS = 4
"""Shorter than a core drains, so that it closes no idle connection under a request."""

PIECE_BYTES = 256 << 10
"""Of a body, sent at a stretch."""

AUTOMATIC_HEADERS = ("Accept", "Accept-Encoding", "User-Agent")
"""Sent by the library unless it is told not to; the core reads none of them."""


class CoreError(Exception):
    """No answer of the core, or not all of it."""

    cause = "broken"
    """Tells it in logs and metrics."""


class CoreUnavailableError(CoreError):
    """Nothing takes the request."""

    cause = "away"


class CoreRefusedError(CoreUnavailableError):
    """No connection could be made: no byte of the request was sent."""

    cause = "refused"


class CoreTimeoutError(CoreError):
    """The request was taken; the answer does not come in time."""

    cause = "slow"


class CoreConnectionLostError(CoreError):
    """The connection ended under the request, as it does while a core is replaced."""


class HttpTransport:
    """Kept connections to one core, `connections` at most.

    Every method of it and of its answers raises CoreError. `timeout`, in seconds, bounds the wait
    for a free connection, for the head of an answer and for each piece of its body.
    """

    def __init__(self, url: str, timeout: float, connections: int) -> None:
        self._url = url
        self._connections = connections
        self._urls: dict[str, yarl.URL] = {}
        self._timeout = aiohttp.ClientTimeout(
            total=None, connect=timeout, sock_connect=CONNECT_SECONDS, sock_read=timeout
        )
        # A core that takes no bytes meets none of the above; a busy pool is told apart from it.
        self._head_seconds = timeout + CONNECT_SECONDS
        self._session: aiohttp.ClientSession | None = None
        self._beginning = asyncio.Lock()

    async def ask(
        self, method: str, target: str, headers: Mapping[str, str], body: bytearray | None
    ) -> "Answer":
        """Send one request, and return when the head of its answer is there."""
        url = self._urls.get(target)
        if url is None:
            url = self._urls[target] = yarl.URL(self._url + target)
        data: Any = body
        if body and len(body) > PIECE_BYTES:
            data, headers = _pieces(body), {**headers, "content-length": str(len(body))}
        session = self._session or self._open()
        # One in each turn of the event loop, so that a crowd's requests leave time to others.
        async with self._beginning:
            await asyncio.sleep(0)
        with _faults():
            async with asyncio.timeout(self._head_seconds):
                answer = await session.request(
                    method, url, data=data, headers=headers, allow_redirects=False
                )
        return Answer(answer)

    async def close(self) -> None:
        """Close every connection; no request may follow."""
        if self._session:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        """Connect nothing yet; a session belongs to the event loop that runs it."""
        connector = aiohttp.TCPConnector(
            limit=self._connections,
            keepalive_timeout=IDLE_SECONDS,
            # A container's address may change with every start of it.
            use_dns_cache=False,
            resolver=_Resolver(),
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=AUTOMATIC_HEADERS,
        )
        return self._session


class Answer:
    """An answer whose body has not been read yet."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.status = answer.status
        self.headers: Mapping[str, str] = answer.headers
        """Names in any case."""
        self._answer = answer

    async def read(self) -> bytes:
        """Read all of the body; the connection is given back whatever happens."""
        with _faults():
            return await self._answer.read()

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes."""
        with _faults():
            async for piece in self._answer.content.iter_any():
                yield piece

    async def close(self) -> None:
        """Give back the connection; one with something left to read is closed."""
        self._answer.close()


async def _pieces(body: bytearray) -> AsyncIterator[memoryview]:
    """Let other requests be served in between; nothing is copied."""
    content = memoryview(body)
    for start in range(0, len(content), PIECE_BYTES):
        yield content[start : start + PIECE_BYTES]
        await asyncio.sleep(0)


class _Resolver(aiohttp.ThreadedResolver):
    """The system's names, looked up in the time that connecting may take."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await super().resolve(host, port, family)
        except TimeoutError:
            raise OSError(f"{host} was not found in {CONNECT_SECONDS} s") from None


@contextmanager
def _faults() -> Iterator[None]:
    """The library's many faults as our four."""
    try:
        yield
    except aiohttp.ClientConnectorError as error:
        raise CoreRefusedError(str(error)) from error
    except aiohttp.ConnectionTimeoutError as error:
        raise CoreUnavailableError(str(error)) from error
    except TimeoutError as error:
        raise CoreTimeoutError(str(error) or "no answer in time") from error
    except (aiohttp.ClientError, ConnectionError) as error:
        raise CoreConnectionLostError(f"{type(error).__name__}: {error}") from error
