"""Spans sent by OTLP/HTTP to a collector."""

import http.client
import logging
import urllib.request
from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

SEND_SECONDS = 5

logger = logging.getLogger(__name__)


def processor(endpoint: str) -> SpanProcessor:
    """Sends spans in batches, from a thread of its own."""
    return BatchSpanProcessor(OtlpExporter(endpoint))


class OtlpExporter(SpanExporter):
    """Sends spans in protobuf over HTTP, with the standard library.

    OpenTelemetry's own exporter would add requests and five more packages to the images.
    """

    def __init__(self, endpoint: str) -> None:
        self._url = f"{endpoint.rstrip('/')}/v1/traces"

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send them once; those that are not taken are lost, as a log record says."""
        request = urllib.request.Request(  # noqa: S310  settings allow http and https alone
            self._url,
            encode_spans(spans).SerializeToString(),
            {"Content-Type": "application/x-protobuf"},
        )
        try:
            with urllib.request.urlopen(request, timeout=SEND_SECONDS):  # noqa: S310
                return SpanExportResult.SUCCESS
        except (OSError, http.client.HTTPException) as error:
            fields = {"spans": len(spans), "url": self._url, "reason": str(error)[:500]}
            logger.warning("spans were not sent", extra={"fields": fields})
            return SpanExportResult.FAILURE
