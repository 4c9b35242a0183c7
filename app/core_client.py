"""The gateway's only way to the core: pooled HTTP with deadlines, and errors that callers know."""

import asyncio
import json
import logging
import re
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from typing import Any, TypeVar

import aiohttp
import yarl
from aiohttp.abc import ResolveResult
from opentelemetry.trace import SpanKind

from app.settings import Settings
from serving.bodies import Body
from serving.context import CURRENT
from serving.errors import ApiError, error_line, unavailable
from serving.metrics import Metrics
from serving.streaming import NDJSON

JSON = "application/json"
STATUS_SECONDS = 0.8
OPEN_CONNECTIONS = 8
"""Beside those of admitted requests: for the routes that are open to all."""

CONNECT_SECONDS = 3
"""Longer than the second after which a lost packet is sent again, and than a starved process takes
to notice that it is connected."""

IDLE_SECONDS = 4
"""Shorter than a core drains, so that it closes no idle connection under a request."""

PIECE_BYTES = 256 << 10
"""Of a body, sent at a stretch."""

AUTOMATIC_HEADERS = ("Accept", "Accept-Encoding", "User-Agent")
"""Headers that the library adds by default; the core reads none of them."""

STATES = ("ready", "saturated")

logger = logging.getLogger(__name__)

T = TypeVar("T")


class CoreClient:
    """Requests to one core, on behalf of the request being served.

    Answers raise ApiError: the core's own refusal, 503 where it is away or busy, 504 where it is
    slow, 502 where it failed.
    """

    def __init__(
        self, settings: Settings, metrics: Metrics, session: aiohttp.ClientSession | None = None
    ) -> None:
        """Connect lazily; `session` replaces the network."""
        self._settings = settings
        self._seconds = settings.core_timeout
        self._session = session
        self._urls: dict[str, yarl.URL] = {}
        self._beginning = asyncio.Lock()
        self._shared: dict[str, asyncio.Task[Any]] = {}
        self._errors = metrics.counter(
            "kaldra_core_errors", "Requests that the core did not answer as it should.", ["cause"]
        )

    async def close(self) -> None:
        """Close every connection; no request may follow."""
        if self._session:
            await self._session.close()

    async def shared(self, name: str, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Result of `ask`, asked once for all who wait for the same `name`."""
        task = self._shared.get(name)
        if task is None:
            task = self._shared[name] = asyncio.ensure_future(ask())

            def forget(task: asyncio.Task[T]) -> None:
                del self._shared[name]
                _ = task.cancelled() or task.exception()  # everybody may have left meanwhile

            task.add_done_callback(forget)
        return await asyncio.shield(task)

    async def status(self) -> str:
        """One of `STATES`, as the core tells it itself.

        Raises ApiError 503 in less than a second where it is away, slow or not ready.
        """
        try:
            with _asking("GET", "/ready") as headers:
                answer, content = await self._whole("GET", "/ready", None, headers, STATUS_SECONDS)
                self._check_type(answer, JSON)
                state = json.loads(content).get("status")
        except (ApiError, ValueError, AttributeError):
            raise _core_unavailable() from None
        if answer.status == HTTPStatus.OK and state not in STATES:
            self._note("not_a_core", f"its state is {state!r}")
        if answer.status != HTTPStatus.OK or state not in STATES:
            raise _core_unavailable()
        return str(state)

    async def read(self, method: str, target: str, body: bytearray | None = None) -> bytes:
        """Body of the core's answer; `body` is JSON that the gateway has validated."""
        with _asking(method, target.partition("?")[0]) as headers:
            answer, content = await self._whole(method, target, body, headers, self._seconds)
            if answer.status != HTTPStatus.OK:
                raise self._refusal(answer, content)
            self._check_type(answer, JSON)
        return content

    async def lines(self, path: str, body: Body) -> AsyncGenerator[bytes, None]:
        """Begin an answer that comes in lines, with an empty piece; then the lines as they come.

        Each has to come in time after the one before; the time that the reader takes does not
        count. A core that breaks off ends them with a line that says so. `body` is released.
        """
        with ExitStack() as until_closed:
            headers = until_closed.enter_context(_asking("POST", path))
            with self._faults("no answer in time"):
                answer = await self._ask("POST", path, body.content, headers)
                if answer.status != HTTPStatus.OK:
                    raise self._refusal(answer, await answer.read())
            self._check_type(answer, NDJSON)
            closing = until_closed.pop_all()
        body.release()
        try:
            yield b""
            async for piece in self._in_time(answer.content.iter_any()):
                yield piece
        except ApiError:
            message = "kaldra-core broke off; the texts after this line are not answered."
            yield b"\n" + error_line("core_unavailable", message)
        finally:
            answer.close()
            closing.close()

    async def _in_time(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        left = self._seconds
        while True:
            began = loop.time()
            with self._faults("no line in time"):
                async with asyncio.timeout(left):
                    piece = await anext(pieces, b"")
            if not piece:
                return
            left = self._seconds if b"\n" in piece else left - (loop.time() - began)
            yield piece

    async def _whole(
        self,
        method: str,
        target: str,
        body: bytearray | None,
        headers: Mapping[str, str],
        seconds: float,
    ) -> tuple[aiohttp.ClientResponse, bytes]:
        """An answer and all of its body, within `seconds`."""
        with self._faults():
            async with asyncio.timeout(seconds):
                answer = await self._ask(method, target, body, headers)
                return answer, await answer.read()

    async def _ask(
        self, method: str, target: str, body: bytearray | None, headers: Mapping[str, str]
    ) -> aiohttp.ClientResponse:
        """An answer whose head is there; asked once more where no connection could be made.

        A request that was sent is not sent again: it may be what broke the first core.
        """
        try:
            return await self._begin(method, target, body, headers)
        except aiohttp.ClientConnectorError:
            return await self._begin(method, target, body, headers)

    async def _begin(
        self, method: str, target: str, body: bytearray | None, headers: Mapping[str, str]
    ) -> aiohttp.ClientResponse:
        url = self._urls.get(target)
        if url is None:
            url = self._urls[target] = yarl.URL(self._settings.core_url + target)
        data: Any = body
        if body and len(body) > PIECE_BYTES:
            data, headers = _pieces(body), {**headers, "content-length": str(len(body))}
        session = self._session or self._open()
        # One in each turn of the event loop, so that a crowd's requests leave time to others.
        async with self._beginning:
            await asyncio.sleep(0)
        # A core that takes no bytes meets none of the session's timeouts; a busy pool does.
        async with asyncio.timeout(self._seconds + CONNECT_SECONDS):
            return await session.request(
                method, url, data=data, headers=headers, allow_redirects=False
            )

    def _open(self) -> aiohttp.ClientSession:
        """Connect nothing yet; a session belongs to the event loop that runs it."""
        connector = aiohttp.TCPConnector(
            limit=self._settings.concurrency + OPEN_CONNECTIONS,
            keepalive_timeout=IDLE_SECONDS,
            # A container's address may change with every start of it.
            use_dns_cache=False,
            resolver=_Resolver(),
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(
                total=None,
                connect=self._seconds,
                sock_connect=CONNECT_SECONDS,
                sock_read=self._seconds,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=AUTOMATIC_HEADERS,
        )
        return self._session

    @contextmanager
    def _faults(self, late: str = "") -> Iterator[None]:
        """The library's many faults as two of ours, noted by four causes."""
        try:
            yield
        except aiohttp.ClientConnectorError as error:  # no byte of the request was sent
            self._note("refused", error)
        except aiohttp.ConnectionTimeoutError as error:
            self._note("away", error)
        except TimeoutError as error:
            self._note("slow", str(error) or late)
            message = "kaldra-core takes too long to answer."
            raise ApiError(HTTPStatus.GATEWAY_TIMEOUT, "core_timeout", message) from None
        except (aiohttp.ClientError, ConnectionError) as error:  # as when a core is replaced
            self._note("broken", f"{type(error).__name__}: {error}")
        else:
            return
        raise _core_unavailable()

    def _note(self, cause: str, error: object) -> None:
        self._errors.labels(cause).inc()
        fields = {"cause": cause, "reason": str(error)[:500]}
        logger.warning("core did not answer", extra={"fields": fields})

    def _check_type(self, answer: aiohttp.ClientResponse, expected: str) -> None:
        """Raise ApiError 502 for what no core answers, such as a page of something else."""
        found = answer.headers.get("content-type", "")
        if found.partition(";")[0].strip().lower() != expected:
            self._note("not_a_core", f"content type {found!r}, not {expected}")
            raise failed()

    def _refusal(self, answer: aiohttp.ClientResponse, content: bytes) -> ApiError:
        """The core's own fault as ours: it writes the same envelope."""
        status = answer.status
        try:
            error: dict[str, Any] = json.loads(content)["error"]
            code, message, details = str(error["code"]), str(error["message"]), error["details"]
        except (ValueError, KeyError, TypeError):
            code, message, details = "", "", []
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            self._errors.labels("busy").inc()
            retry = answer.headers.get("retry-after", "")
            return unavailable(
                "core_unavailable",
                "kaldra-core is busy or starting; try again shortly.",
                retry_after=int(retry) if re.fullmatch(r"[0-9]{1,5}", retry) else 1,
            )
        if not code or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self._note("failed", f"status {status}")
            return failed()
        return ApiError(status, code, message, details=details)


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


async def _pieces(body: bytearray) -> AsyncIterator[memoryview]:
    """Let other requests be served in between; nothing is copied."""
    content = memoryview(body)
    for start in range(0, len(content), PIECE_BYTES):
        yield content[start : start + PIECE_BYTES]
        await asyncio.sleep(0)


def _core_unavailable() -> ApiError:
    return unavailable("core_unavailable", "kaldra-core does not answer; try again shortly.")


def failed() -> ApiError:
    """Return the error for an answer that no core gives."""
    return ApiError(HTTPStatus.BAD_GATEWAY, "core_failed", "kaldra-core failed; it is logged.")


@contextmanager
def _asking(method: str, path: str) -> Iterator[dict[str, str]]:
    """Headers of a request to the core, whose span ends with the block."""
    context = CURRENT.get()
    if context is None:
        yield {"content-type": JSON}
        return
    with context.child(f"{method} {path}", SpanKind.CLIENT) as span:
        yield {**context.headers(span), "content-type": JSON}
