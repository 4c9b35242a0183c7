"""Who asks and within which trace: known everywhere while a request is served."""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from opentelemetry.context import Context
from opentelemetry.trace import (
    NonRecordingSpan,
    NoOpTracer,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    Tracer,
    format_trace_id,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

NOT_TRACED: Tracer = NoOpTracer()

_NO_PARENT = Context()
_PROPAGATOR = TraceContextTextMapPropagator()
_TRACE_HEADERS = frozenset(name.encode() for name in _PROPAGATOR.fields)
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


@dataclass(slots=True)
class RequestContext:
    """One request: its id, and its span within a W3C trace, which begins here where none came."""

    request_id: str
    span: Span
    tracer: Tracer = NOT_TRACED
    trace_id: str = ""
    """32 hexadecimal digits, also where nothing is traced."""
    caller: str = ""
    answer_headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    """Added to the answer, whatever it is."""

    def headers(self, span: Span) -> dict[str, str]:
        """Headers that carry request id and trace on to the next service, as children of `span`."""
        passed = {"x-request-id": self.request_id}
        _PROPAGATOR.inject(passed, set_span_in_context(span, _NO_PARENT))
        return passed

    def start(
        self, name: str, kind: SpanKind = SpanKind.INTERNAL, *, start_time: int | None = None
    ) -> Span:
        """A child of the request's span; the caller ends it. `start_time` in ns since 1970."""
        parent = set_span_in_context(self.span, _NO_PARENT)
        return self.tracer.start_span(name, parent, kind, start_time=start_time)

    @contextmanager
    def child(self, name: str, kind: SpanKind) -> Iterator[Span]:
        """The same for a block; an exception's type and text are left out of the span."""
        span = self.start(name, kind)
        try:
            yield span
        except BaseException:
            span.set_status(StatusCode.ERROR)
            raise
        finally:
            span.end()


CURRENT: ContextVar[RequestContext | None] = ContextVar("request", default=None)


def request_id() -> str:
    """Id of the request being served, or nothing outside of one."""
    context = CURRENT.get()
    return context.request_id if context else ""


def begin(
    headers: Iterable[tuple[bytes, bytes]], name: str = "", tracer: Tracer = NOT_TRACED
) -> RequestContext:
    """Start a request's span; well-formed ids of its headers (names in lower case) are kept."""
    given = b""
    trace: dict[str, list[str]] = {}
    for header, value in headers:
        if header == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            given = value
        elif header in _TRACE_HEADERS:
            trace.setdefault(header.decode(), []).append(value.decode("latin-1"))
    parent = _NO_PARENT
    if len(trace.get("traceparent", ())) == 1:  # with several, W3C has a new trace begin
        parent = _PROPAGATOR.extract(trace, parent)
    if tracer is NOT_TRACED and parent is _NO_PARENT:
        span: Span = NonRecordingSpan(_new_trace())
    else:
        span = tracer.start_span(name, parent, SpanKind.SERVER)
    trace_id = format_trace_id(span.get_span_context().trace_id)
    return RequestContext(given.decode() or trace_id, span, tracer, trace_id)


def _new_trace() -> SpanContext:
    """Ids of a trace that this service does not record."""
    ids = os.urandom(24)
    return SpanContext(int.from_bytes(ids[:16]), int.from_bytes(ids[16:]), is_remote=False)
