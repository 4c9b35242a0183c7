"""A small HTTP/1.1 load generator: raw bytes over kept connections, so that it costs little."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import uvloop

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length: "
RETRY_AFTER = b"retry-after: "
REFUSALS = (b"429", b"503")

NextRequest = Callable[["_Connection"], float | None]
"""Time of a connection's next request (`time.perf_counter()`), or None after the last one."""


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
    """One request at a time, without a task; latency counts from the time the request was due."""

    def __init__(self, request: bytes, result: Result, next_request: NextRequest) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.retry_after = 0
        self._request = request
        self._result = result
        self._next_request = next_request
        self._buffer = b""
        self._due = 0.0
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def go_on(self) -> None:
        """Send the next request now or when it is due, or end."""
        due = self._next_request(self)
        if due is None:
            self.ended.set_result(None)
        elif (wait := due - time.perf_counter()) > 0:
            asyncio.get_running_loop().call_later(wait, self._ask, due)
        else:
            self._ask(due)

    def _ask(self, due: float) -> None:
        self._due = due
        self._transport.write(self._request)

    def _fail(self, fault: str) -> None:
        """Any answer but a success or a refusal ends the run."""
        if not self.ended.done():
            self.ended.set_exception(RuntimeError(fault))

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(f"the connection ended: {exc}")

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
            self._fail(self._buffer.decode(errors="replace"))
            return
        self._buffer = b""
        self.go_on()


async def _run(
    port: int, request: bytes, connections: int, seconds: float, rate: float | None
) -> Result:
    loop = asyncio.get_running_loop()
    result = Result()
    schedule: deque[float] = deque()
    until = 0.0

    def scheduled(_connection: _Connection) -> float | None:
        return schedule.popleft() if schedule else None

    def as_allowed(connection: _Connection) -> float | None:
        due = time.perf_counter() + connection.retry_after
        return due if due < until else None

    protocols = []
    for _ in range(connections):
        _, protocol = await loop.create_connection(
            lambda: _Connection(request, result, as_allowed if rate is None else scheduled),
            "127.0.0.1",
            port,
        )
        protocols.append(protocol)
    started = time.perf_counter()
    until = started + seconds
    if rate is not None:
        schedule.extend(started + n / rate for n in range(int(rate * seconds)))
    for protocol in protocols:
        protocol.go_on()
    await asyncio.gather(*(protocol.ended for protocol in protocols))
    result.seconds = time.perf_counter() - started
    return result
