"""Spans by the OpenTelemetry SDK, which is imported here: as log records, or sent."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.trace import StatusCode, format_span_id

logger = logging.getLogger(__name__)


def provider(
    resource: Mapping[str, str], *, log: bool, endpoint: str | None = None
) -> TracerProvider:
    """A provider that logs spans, sends them to the OTLP endpoint, or both.

    It records every trace that begins here, and of others those that their caller records.
    """
    provider = TracerProvider(resource=Resource(resource), shutdown_on_exit=False)
    if log:
        # Whatever the service's level: the setting that turns spans on is another.
        logger.setLevel(logging.DEBUG)
        provider.add_span_processor(LogProcessor())
    if endpoint:
        from serving import otlp  # noqa: PLC0415  imports protobuf

        provider.add_span_processor(otlp.processor(endpoint))
    return provider


class LogProcessor(SpanProcessor):
    """Writes each span as a log record when it ends, with the ids of the current request."""

    def on_end(self, span: ReadableSpan) -> None:
        """Log one span."""
        context = span.get_span_context()
        assert context  # noqa: S101  the SDK's own spans have one
        start, end = span.start_time or 0, span.end_time or 0
        fields = {
            "span_id": format_span_id(context.span_id),
            "parent_id": format_span_id(span.parent.span_id) if span.parent else "",
            "kind": span.kind.name.lower(),
            "start": datetime.fromtimestamp(start / 1e9, UTC).isoformat(timespec="microseconds"),
            "duration_ms": round((end - start) / 1e6, 3),
            "status": "error" if span.status.status_code is StatusCode.ERROR else "ok",
            **(span.attributes or {}),
        }
        # As logger.debug does, without a search for the caller that costs as much as the rest.
        record = logging.LogRecord(logger.name, logging.DEBUG, "", 0, span.name, None, None)
        record.fields = fields
        logger.handle(record)
