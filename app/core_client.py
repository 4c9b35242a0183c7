"""The gateway's only way to the core: pooled HTTP with deadlines."""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from typing import Any, TypeVar

from opentelemetry.trace import SpanKind

from app.core_http import (
    Answer,
    CoreError,
    CoreRefusedError,
    CoreTimeoutError,
    HttpTransport,
)
from app.settings import Settings
from serving.context import CURRENT
from serving.errors import ApiError, unavailable
from serving.metrics import Metrics
from serving.streaming import NDJSON

JSON = "application/json"
STATUS_SECONDS = 0.8
OPEN_CONNECTIONS = 8
"""Beside those of admitted requests: for the routes that are open to all."""

STATES = ("ready", "saturated")

logger = logging.getLogger(__name__)

T = TypeVar("T")


class CoreClient:
    """Requests to one core, on behalf of the request being served."""

    def __init__(
        self, settings: Settings, metrics: Metrics, transport: HttpTransport | None = None
    ) -> None:
        """Connect lazily; `transport` replaces the network."""
        self._seconds = settings.core_timeout
        self._transport = transport or HttpTransport(
            settings.core_url, settings.core_timeout, settings.concurrency + OPEN_CONNECTIONS
        )
        self._shared: dict[str, asyncio.Task[Any]] = {}
        self._errors = metrics.counter(
            "kaldra_core_errors", "Requests that the core did not answer as it should.", ["cause"]
        )

    async def close(self) -> None:
        """Close every connection; no request may follow."""
        await self._transport.close()

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
            with _asking("GET", "/ready") as headers, self._as_api_errors():
                async with asyncio.timeout(STATUS_SECONDS):
                    answer = await self._ask("GET", "/ready", None, headers)
                    content = await answer.read()
                self._check_type(answer, JSON)
                state = json.loads(content).get("status")
        except (ApiError, ValueError, AttributeError):
            raise _core_unavailable() from None
        if answer.status == HTTPStatus.OK and state not in STATES:
            self._note("not_a_core", f"its state is {state!r}")
        if answer.status != HTTPStatus.OK or state not in STATES:
            raise _core_unavailable()
        return str(state)

    async def get(self, target: str) -> bytes:
        """Body of the core's answer to GET of a path with its query; raises like `post`."""
        return await self._read("GET", target, None)

    async def post(self, path: str, body: bytearray) -> bytes:
        """Body of the core's answer to `body`, JSON that the gateway has validated.

        Raises ApiError: the core's own refusal, 503 where it is away or busy, 504 where it is
        slow, 502 where it failed.
        """
        return await self._read("POST", path, body)

    async def open(self, path: str, body: bytearray) -> "Stream":
        """Start an answer that comes in lines; the caller closes it. Raises like `post`."""
        with ExitStack() as until_closed:
            headers = until_closed.enter_context(_asking("POST", path))
            with self._as_api_errors():
                answer = await self._ask("POST", path, body, headers)
                if answer.status != HTTPStatus.OK:
                    raise self._refusal(answer, await answer.read())
                self._check_type(answer, NDJSON)
            return Stream(answer, self._seconds, self._note, until_closed.pop_all())

    async def _read(self, method: str, target: str, body: bytearray | None) -> bytes:
        with _asking(method, target.partition("?")[0]) as headers, self._as_api_errors():
            async with asyncio.timeout(self._seconds):
                answer = await self._ask(method, target, body, headers)
                content = await answer.read()
            if answer.status != HTTPStatus.OK:
                raise self._refusal(answer, content)
            self._check_type(answer, JSON)
        return content

    async def _ask(
        self, method: str, target: str, body: bytearray | None, headers: Mapping[str, str]
    ) -> Answer:
        """Ask, and once more where no connection could be made.

        A request that was sent is not sent again: it may be what broke the first core.
        """
        try:
            return await self._transport.ask(method, target, headers, body)
        except CoreRefusedError:
            return await self._transport.ask(method, target, headers, body)

    @contextmanager
    def _as_api_errors(self) -> Iterator[None]:
        """Translate errors of the connection to the core into API errors."""
        try:
            yield
        except (TimeoutError, CoreTimeoutError) as error:
            self._note("slow", error)
            message = "kaldra-core takes too long to answer."
            raise ApiError(HTTPStatus.GATEWAY_TIMEOUT, "core_timeout", message) from None
        except CoreError as error:
            self._note(error.cause, error)
            raise _core_unavailable() from None

    def _note(self, cause: str, error: object) -> None:
        self._errors.labels(cause).inc()
        fields = {"cause": cause, "reason": str(error)[:500]}
        logger.warning("core did not answer", extra={"fields": fields})

    def _check_type(self, answer: Answer, expected: str) -> None:
        """Raise ApiError 502 for what no core answers, such as a page of something else."""
        found = answer.headers.get("content-type", "")
        if found.partition(";")[0].strip().lower() != expected:
            self._note("not_a_core", f"content type {found!r}, not {expected}")
            raise failed()

    def _refusal(self, answer: Answer, content: bytes) -> ApiError:
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


class Stream:
    """Lines of the core, each of them within `seconds` of the one before.

    The time that the reader takes does not count.
    """

    def __init__(self, answer: Answer, seconds: float, note: Any, at_the_end: ExitStack) -> None:
        self._at_the_end = at_the_end
        self._answer = answer
        self._seconds = seconds
        self._note = note

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes. Raises CoreError."""
        loop = asyncio.get_running_loop()
        pieces = aiter(self._answer.pieces())
        left = self._seconds
        try:
            while True:
                began = loop.time()
                async with asyncio.timeout(left):
                    piece = await anext(pieces, b"")
                if not piece:
                    return
                left = self._seconds if b"\n" in piece else left - (loop.time() - began)
                yield piece
        except TimeoutError as error:
            self._note("slow", "no line in time")
            raise CoreTimeoutError("no line in time") from error
        except CoreError as error:
            self._note(error.cause, error)
            raise

    async def close(self) -> None:
        """Give back the connection."""
        with self._at_the_end:
            await self._answer.close()


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
