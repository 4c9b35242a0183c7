"""Who asks and within which trace: known everywhere while a request is served."""

import os
import re
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_PARENT = rb"([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})"
_TRACEPARENT = re.compile(rb"00-" + _PARENT)
_LATER_TRACEPARENT = re.compile(rb"(?!00|ff)[0-9a-f]{2}-" + _PARENT + rb"(?:-.*)?")
"""Of a version that is yet to come: W3C has it read by the fields of version 00."""

_NO_TRACE = "0" * 32
_NO_SPAN = b"0" * 16
_TRACESTATE = re.compile(rb"[ -~\t]{1,512}")


@dataclass(slots=True)
class RequestContext:
    """Ids of one request; `trace_id` is W3C trace context's, made here where none came."""

    request_id: str
    trace_id: str
    flags: str = "00"
    tracestate: str = ""
    caller: str = ""
    answer_headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    """Added to the answer, whatever it is."""

    def headers(self) -> dict[str, str]:
        """Headers that carry request id and trace on to the next service."""
        span_id = os.urandom(8).hex()
        passed = {
            "x-request-id": self.request_id,
            "traceparent": f"00-{self.trace_id}-{span_id}-{self.flags}",
        }
        if self.tracestate:
            passed["tracestate"] = self.tracestate
        return passed


CURRENT: ContextVar[RequestContext | None] = ContextVar("request", default=None)


def request_id() -> str:
    """Id of the request being served, or nothing outside of one."""
    context = CURRENT.get()
    return context.request_id if context else ""


def from_headers(headers: Iterable[tuple[bytes, bytes]]) -> RequestContext:
    """Take over well-formed ids from a request's headers (names in lower case); make the rest."""
    given = b""
    states = []
    parents = []
    for name, value in headers:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            given = value
        elif name == b"traceparent":
            parents.append(value)
        elif name == b"tracestate" and value:
            states.append(value)
    state = b",".join(states)
    parent = None
    if len(parents) == 1:  # with several, W3C has a new trace begin
        parent = _TRACEPARENT.fullmatch(parents[0]) or _LATER_TRACEPARENT.fullmatch(parents[0])
    if parent and parent[1].decode() != _NO_TRACE and parent[2] != _NO_SPAN:
        trace_id, flags = parent[1].decode(), parent[3].decode()
    else:
        trace_id, flags, state = os.urandom(16).hex(), "00", b""
    if not _TRACESTATE.fullmatch(state):
        state = b""
    return RequestContext(
        request_id=given.decode() or trace_id,
        trace_id=trace_id,
        flags=flags,
        tracestate=state.decode("ascii"),
    )
