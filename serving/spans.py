"""Spans as log records, by OpenTelemetry's interface without its SDK.

The SDK's spans and their conversion cost several times as much: see decision 0041.
"""

import logging
import os
import time
from collections.abc import Mapping
from typing import Any

from opentelemetry.context import Context
from opentelemetry.trace import (
    NonRecordingSpan,
    NoOpTracer,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    format_span_id,
    get_current_span,
)

from serving.logs import timestamp

_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_LOWER = 2**64 - 1
"""Of a trace id, the bits that are random in every W3C trace."""

_RECORD = vars(logging.LogRecord("serving.spans", logging.DEBUG, "", 0, "", None, None))
"""What all records of spans have; to make one as logging does costs as much as to format it."""

logger = logging.getLogger(__name__)
# Whatever the service's level: the setting that turns spans on is another.
logger.setLevel(logging.DEBUG)


class LogTracer(NoOpTracer):
    """Logs spans: of traces that begin here a share of `ratio`, of others those callers record."""

    def __init__(self, ratio: float) -> None:
        self._ids_recorded = round(ratio * 2**64)

    def start_span(
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        *_: Any,
        start_time: int | None = None,
        **__: Any,
    ) -> Span:
        """A child of the context's span, or the first span of a new trace."""
        parent = get_current_span(context).get_span_context()
        begins = not parent.is_valid
        ids = os.urandom(24)
        trace_id = int.from_bytes(ids[8:]) if begins else parent.trace_id
        flags = parent.trace_flags
        if begins and trace_id & _LOWER < self._ids_recorded:  # as the SDK's TraceIdRatioBased
            flags = _SAMPLED
        own = SpanContext(trace_id, int.from_bytes(ids[:8]), False, flags, parent.trace_state)  # noqa: FBT003
        if not flags.sampled:
            return NonRecordingSpan(own)
        return LoggedSpan(name, own, None if begins else parent, kind, start_time)


class LoggedSpan(NonRecordingSpan):
    """A span that is logged when it ends."""

    def __init__(
        self,
        name: str,
        context: SpanContext,
        parent: SpanContext | None,
        kind: SpanKind,
        start: int | None,
    ) -> None:
        super().__init__(context)
        self._name = name
        self._parent_id = format_span_id(parent.span_id) if parent else ""
        self._kind = kind.name.lower()
        self._start = start or time.time_ns()
        self._attributes: dict[str, Any] = {}
        self._status = "ok"

    def is_recording(self) -> bool:
        """Return True: spans that are not recorded are of another class."""
        return True

    def update_name(self, name: str) -> None:
        """Change the name."""
        self._name = name

    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        """Add attributes."""
        self._attributes.update(attributes)

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:  # noqa: ARG002
        """Note an error; its description may hold what callers keep secret."""
        code = status.status_code if isinstance(status, Status) else status
        self._status = "error" if code is StatusCode.ERROR else "ok"

    def end(self, end_time: int | None = None) -> None:
        """Log the span, with the ids of the current request; `end_time` in ns since 1970."""
        end = end_time or time.time_ns()
        record = logging.LogRecord.__new__(logging.LogRecord)
        record.__dict__.update(_RECORD, msg=self._name, created=end / 1e9)
        record.fields = {
            "span_id": format_span_id(self._context.span_id),
            "parent_id": self._parent_id,
            "kind": self._kind,
            "start": timestamp(self._start),
            "duration_ms": round((end - self._start) / 1e6, 3),
            "status": self._status,
            **self._attributes,
        }
        logger.handle(record)
