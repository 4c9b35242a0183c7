"""A small HTTP/1.1 load generator: raw bytes over kept connections, so that it costs little."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field

import uvloop

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length: "
RETRY_AFTER = b"retry-after: "
REFUSALS = (b"429", b"503")


@dataclass
class Result:
    """Latencies in seconds, of answers and of refusals, and how long the run took."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    refusals: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """Latency in milliseconds that `share` of the answers stay below."""
        return percentile(self.latencies, share)


def percentile(latencies: list[float], share: float) -> float:
    """Milliseconds that `share` of the latencies, in seconds, stay below; 0 of none."""
    ordered = sorted(latencies)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else 0.0


def request_bytes(method: str, path: str, body: bytes = b"") -> bytes:
    """One request as it goes over the wire."""
    head = f"{method} {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


def saturate(port: int, request: bytes, *, connections: int, seconds: float) -> Result:
    """Every connection asks again as soon as it is answered, or when a refusal says it may."""
    return uvloop.run(_run(port, request, connections, seconds, None))


def at_rate(port: int, request: bytes, *, rate: float, connections: int, seconds: float) -> Result:
    """`rate` requests a second, evenly; a late answer delays none, so it counts in full."""
    return uvloop.run(_run(port, request, connections, seconds, rate))


class _Connection(asyncio.Protocol):
    """One request at a time; latency counts from the moment the request was due."""

    def __init__(self, request: bytes, result: Result) -> None:
        self._request = request
        self._result = result
        self._buffer = b""
        self._due = 0.0
        self._transport: asyncio.WriteTransport | None = None
        self._answered = asyncio.Event()
        self._fault = ""
        self.retry_after = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport) or hasattr(transport, "write")  # noqa: S101
        self._transport = transport  # type: ignore[assignment]

    def ask(self, due: float) -> None:
        self._due = due
        self._answered.clear()
        assert self._transport is not None  # noqa: S101
        self._transport.write(self._request)

    async def answer(self) -> None:
        """Return when the answer is there; any but a success ends the run."""
        await self._answered.wait()
        if self._fault:
            raise RuntimeError(self._fault)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fault = self._fault or f"the connection ended: {exc}"
        self._answered.set()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(HEAD_END)
        if end < 0:
            return
        head = self._buffer[:end].lower()
        at = head.index(LENGTH) + len(LENGTH)
        length = int(head[at:].split(b"\r\n", 1)[0])
        if len(self._buffer) < end + len(HEAD_END) + length:
            return
        seconds, status = time.perf_counter() - self._due, head.split(b" ", 2)[1]
        self.retry_after = 0
        if status in REFUSALS:
            self._result.refusals.append(seconds)
            at = head.index(RETRY_AFTER) + len(RETRY_AFTER)
            self.retry_after = int(head[at:].split(b"\r\n", 1)[0])
        elif status == b"200":
            self._result.latencies.append(seconds)
        else:
            self._fault = self._buffer.decode(errors="replace")
        self._buffer = b""
        self._answered.set()


async def _run(
    port: int, request: bytes, connections: int, seconds: float, rate: float | None
) -> Result:
    loop = asyncio.get_running_loop()
    result = Result()
    protocols = []
    for _ in range(connections):
        _, protocol = await loop.create_connection(
            lambda: _Connection(request, result), "127.0.0.1", port
        )
        protocols.append(protocol)
    started = time.perf_counter()
    if rate is None:
        await asyncio.gather(*(_closed(p, started + seconds) for p in protocols))
    else:
        due = deque(started + n / rate for n in range(int(rate * seconds)))
        await asyncio.gather(*(_paced(p, due) for p in protocols))
    result.seconds = time.perf_counter() - started
    return result


async def _closed(connection: _Connection, until: float) -> None:
    while (now := time.perf_counter()) < until:
        connection.ask(now)
        await connection.answer()
        if connection.retry_after:
            await asyncio.sleep(min(connection.retry_after, until - time.perf_counter()))


async def _paced(connection: _Connection, due: deque[float]) -> None:
    while due:
        at = due.popleft()
        wait = at - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        connection.ask(at)
        await connection.answer()
