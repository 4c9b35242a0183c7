"""HTTP/1.1 connections within bounds: of a request's head and body, and of an unread answer.

uvicorn with httptools has no limit of its own for any of them (decision 0035).
"""

import asyncio
import logging
import os
from typing import TYPE_CHECKING, Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from serving import context
from serving.errors import ApiError
from serving.metrics import Metrics

if TYPE_CHECKING:
    from uvicorn.config import Config

HEAD_BYTES = 32 << 10
MOST_HEADERS = 128
"""An empty header takes 5 bytes on the wire and 100 in memory."""

HEAD_SECONDS = 10.0
IDLE_SECONDS = 75
"""Longer than any client of ours keeps an idle connection, so that the client closes it."""

GRACE_SECONDS = 10.0
"""How long a body, or a piece of an answer, may take beyond what its bytes allow."""

BYTES_PER_SECOND = 32 << 10
"""Slowest rate at which a body is sent, or an answer read, that is waited for."""

LONGEST_BODY_SECONDS = 300.0
MOST_PIPELINED = 16

ACCEPTED_AT_ONCE = 8
"""Connections in one turn of the event loop, so that a crowd does not wait for a turn each. So many
go beyond the limit where one that has just been accepted would have to make room."""

NEW_SECONDS = 0.02
"""Within which the request of a new connection is read, if it has come."""

CONTINUE = b"HTTP/1.1 100 "

HEAD, BODY, ANSWER, IDLE = "head", "body", "answer", "idle"

logger = logging.getLogger(__name__)


class Connections(ServerState):
    """The connections of one server: `limit` at most, the longest unused one makes room."""

    def __init__(self, limit: int, metrics: Metrics) -> None:
        super().__init__()
        self.limit = limit
        self.unused: dict[BoundedProtocol, None] = {}
        """Those that wait for their client alone, the longest waiting one first."""
        self._ended = metrics.counter(
            "kaldra_http_connections_ended",
            "Connections ended by the service before their request was answered.",
            ["reason"],
        )
        metrics.watch("kaldra_http_connections", "Open connections.", lambda: len(self.connections))

    def sweep(self) -> None:
        """End what has passed its deadline."""
        now = asyncio.get_running_loop().time()
        for connection in list(self.connections):
            if isinstance(connection, BoundedProtocol):
                connection.check(now)

    def admit(self, connection: "BoundedProtocol") -> None:
        """Make room for a new connection, or refuse it."""
        more = len(self.connections) - self.limit
        if more <= 0:
            return
        oldest = next(iter(self.unused))
        if oldest.is_new and more <= ACCEPTED_AT_ONCE:
            return
        if oldest is connection:
            connection.refuse(503, "too_many_connections", "Too many connections; try again.")
        else:
            del self.unused[oldest]
            self.note("evicted", oldest)
            oldest.transport.abort()

    def note(self, reason: str, connection: "BoundedProtocol") -> None:
        """Count and log a connection that is ended before its request is answered."""
        self._ended.labels(reason).inc()
        address = connection.client[0] if connection.client else ""
        logger.warning("connection ended", extra={"fields": {"reason": reason, "client": address}})


class _Parser(httptools.HttpRequestParser):
    """httptools' parser, for which a request to upgrade the connection is like any other.

    By itself it ends the request with its head, and would take the body for the next request.
    """

    def __init__(self, protocol: "BoundedProtocol") -> None:
        super().__init__(protocol)
        self._protocol = protocol
        self.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does

    def feed_data(self, data: Any) -> None:
        """Parse what came."""
        while data:
            try:
                super().feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                super().feed_data(self._protocol.head_without_upgrade())
                data = data[upgrade.args[0] :]
            else:
                return


class _Writer:
    """Sends the head of an answer together with the first piece of its body, in one system call.

    Stands for the transport in uvicorn's cycle, which writes them one by one.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head: bytes | None = None

    def write(self, data: bytes) -> None:
        """Keep the head, send anything else."""
        if self._head is None and not data.startswith(CONTINUE):
            self._head = data
        else:
            self._transport.write((self._head or b"") + data)
            self._head = self._head and b""

    def flush(self) -> None:
        """Send a head that no body follows."""
        if self._head:
            self.write(b"")

    def close(self) -> None:
        """Close the connection when everything has been sent."""
        self.flush()
        self._transport.close()

    def is_closing(self) -> bool:
        """Whether the connection is being closed."""
        return self._transport.is_closing()


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with deadlines that `check` enforces."""

    server_state: Connections

    def __init__(
        self,
        config: "Config",
        server_state: Connections,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.parser = _Parser(self)
        self._phase = HEAD
        self._deadline = 0.0
        self._head_bytes = 0
        self._body_bytes = 0
        self._framing_bytes = 0
        self._bare_bytes = 0
        """Framing since the last byte of the body, as in trailers."""
        self._chunk_bytes = 0
        self._chunk_body_bytes = 0
        self._unread: tuple[float, int] | None = None
        """Since when, and how many bytes, an answer waits for its client to read."""
        self._refusal = (400, "bad_request", "The request is not valid HTTP/1.1.")
        self._served: RequestResponseCycle | None = None
        """The request that is being served; `cycle` is the last one that came, maybe behind it."""
        self._writer: _Writer | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._deadline = self.loop.time() + HEAD_SECONDS
        self.server_state.unused[self] = None
        self.server_state.admit(self)

    @property
    def is_new(self) -> bool:
        """Whether its first request may be there, and not read yet."""
        accepted = self._deadline - HEAD_SECONDS
        return self._phase is HEAD and self.loop.time() - accepted < NEW_SECONDS

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection, and tell the request being served, which uvicorn does not."""
        self.server_state.unused.pop(self, None)
        super().connection_lost(exc)
        if self._served and not self._served.response_complete:
            self._served.disconnected = True
            self._served.message_event.set()

    def data_received(self, data: bytes) -> None:
        """Parse what came, and count it."""
        self._chunk_bytes = len(data)
        self._chunk_body_bytes = 0
        super().data_received(data)
        rest = self._chunk_bytes - self._chunk_body_bytes
        if self._phase is HEAD:
            self._head_bytes += rest
            if self._head_bytes > HEAD_BYTES:
                self._refuse_head()
        elif self._phase is BODY:
            self._framing_bytes += rest
            self._bare_bytes = 0 if self._chunk_body_bytes else self._bare_bytes + rest
            if max(self._framing_bytes - 2 * self._body_bytes, self._bare_bytes) > HEAD_BYTES:
                self.refuse(400, "bad_request", "The body has more framing than content.")

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        if self._phase is not HEAD:
            self._phase = HEAD
            self._deadline = self.loop.time() + HEAD_SECONDS
        self._head_bytes = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header; trailers of a body, which nothing reads, are dropped."""
        if self._phase is not HEAD:
            return
        super().on_header(name, value)
        if len(self.headers) > MOST_HEADERS:
            self._refusal = (431, "head_too_large", f"There are more than {MOST_HEADERS} headers.")
            raise ValueError(MOST_HEADERS)

    def on_headers_complete(self) -> None:
        """The end of a request's head; an error here makes the parser stop."""
        if self._head_bytes + self._chunk_bytes > HEAD_BYTES:
            size = len(self.url) + sum(len(n) + len(v) + 4 for n, v in self.headers)
            if size > HEAD_BYTES:
                self._refusal = (431, "head_too_large", f"The head exceeds {HEAD_BYTES} bytes.")
                raise ValueError(size)
        if self.parser.should_upgrade():
            if self.parser.get_method() == b"CONNECT":
                raise ValueError("CONNECT")
            return
        if len(self.pipeline) >= MOST_PIPELINED:
            raise ValueError(MOST_PIPELINED)
        self._phase = BODY
        self._deadline = self.loop.time() + GRACE_SECONDS
        self._body_bytes = self._framing_bytes = self._bare_bytes = 0
        super().on_headers_complete()
        self._note_use()

    def on_body(self, body: bytes) -> None:
        """Bytes of a body, which give its sender more time."""
        self._body_bytes += len(body)
        self._chunk_body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The end of a request."""
        if self.parser.should_upgrade():
            return
        super().on_message_complete()
        self._phase = ANSWER
        if self.cycle.response_complete:
            self._rest()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._served = cycle
        cycle.transport = self._writer = _Writer(self.transport)  # type: ignore[assignment]
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """The end of an answer."""
        if self._writer:
            self._writer.flush()
        super().on_response_complete()
        if self._phase is ANSWER and self.cycle.response_complete:
            self._rest()
        else:
            self._note_use()

    def pause_writing(self) -> None:
        """The client does not read as fast as it is answered."""
        super().pause_writing()
        self._unread = (self.loop.time(), self.transport.get_write_buffer_size())
        self._note_use()

    def resume_writing(self) -> None:
        """The client has read on."""
        super().resume_writing()
        self._unread = None
        self._note_use()

    def check(self, now: float) -> None:
        """End the connection if its deadline has passed."""
        if self._unread or self.transport.is_closing():
            self._check_reading(now)
        elif now <= self._deadline or self._phase is ANSWER:
            pass
        elif self._phase is IDLE:
            self.transport.close()
        elif self._phase is HEAD:
            self.server_state.note("slow_head", self)
            self.refuse(408, "request_timeout", "The head of the request did not arrive in time.")
        else:
            late = now - self._deadline
            if late > min(self._body_bytes / BYTES_PER_SECOND, LONGEST_BODY_SECONDS):
                self.server_state.note("slow_body", self)
                self.refuse(408, "request_timeout", "The body did not arrive in time.")

    def head_without_upgrade(self) -> bytes:
        """The head that has just been parsed, as a client writes it who asks for no upgrade."""
        lines = [b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"]
        first = b"%b %b HTTP/%b" % (
            self.parser.get_method(),
            self.url,
            self.parser.get_http_version().encode(),
        )
        return b"\r\n".join([first, *lines, b"", b""])

    def detach(self) -> int | None:
        """Give the connection up, where no request has begun, to who gets this descriptor of it."""
        begun = self._phase in (BODY, ANSWER) or (self._phase is HEAD and self._head_bytes)
        if begun or self.transport.is_closing() or self.transport.get_write_buffer_size():
            return None
        descriptor = os.dup(self.transport.get_extra_info("socket").fileno())
        self.transport.abort()
        return descriptor

    def refuse(self, status: int, code: str, message: str) -> None:
        """Answer with an error, where no answer has begun, and close the connection."""
        if self.transport.is_closing():
            return
        cycle: RequestResponseCycle | None = self.cycle
        first = not self.pipeline  # else an answer to an earlier request has begun
        if first and (cycle is None or cycle.response_complete or not cycle.response_started):
            headers = self.headers if self._phase is not IDLE else None
            token = context.CURRENT.set(context.begin(headers or ()))
            answer = ApiError(status, code, message, headers={"connection": "close"}).response()
            request_id = context.request_id().encode()
            context.CURRENT.reset(token)
            lines = [*answer.raw_headers, (b"x-request-id", request_id)]
            head = b"".join(b"%b: %b\r\n" % line for line in lines)
            self.transport.write(b"HTTP/1.1 %d \r\n%b\r\n%b" % (status, head, bytes(answer.body)))
        self.transport.close()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  uvicorn's text, not an envelope
        """Answer what is no HTTP, or more than is taken."""
        if self._refusal[0] != 400:
            self.server_state.note("large_head", self)
        self.refuse(*self._refusal)

    def _refuse_head(self) -> None:
        self.server_state.note("large_head", self)
        self.refuse(431, "head_too_large", f"The head exceeds {HEAD_BYTES} bytes.")

    def _rest(self) -> None:
        """Wait for the next request."""
        self._phase = IDLE
        self._deadline = self.loop.time() + IDLE_SECONDS
        self._note_use()

    def _note_use(self) -> None:
        """Keep in `unused` while the service has nothing to do for the connection."""
        if self not in self.connections:  # lost under an answer with others behind it
            return
        if self._phase in (HEAD, IDLE) or self._unread or self.cycle.response_complete:
            self.server_state.unused.setdefault(self)
        else:
            self.server_state.unused.pop(self, None)

    def _check_reading(self, now: float) -> None:
        size = self.transport.get_write_buffer_size()
        if self._unread is None:  # closing, as soon as the client has read what is left
            self._unread = (now, size)
        since, first = self._unread
        if now - since > GRACE_SECONDS + max(0, first - size) / BYTES_PER_SECOND:
            self.server_state.note("slow_reader", self)
            self.transport.abort()
