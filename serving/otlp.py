"""Spans by the OpenTelemetry SDK, which is imported here, sent by OTLP/HTTP to a collector."""

import http.client
import logging
import urllib.request
from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio

from serving.settings import ServiceSettings
from serving.spans import LoggedSpan

SEND_SECONDS = 5

logger = logging.getLogger(__name__)


def provider(
    endpoint: str, settings: ServiceSettings, service: str, version: str
) -> TracerProvider:
    """A provider that sends spans in batches, from a thread of its own, and may log them too."""
    resource = {
        "service.name": service,
        "service.version": version,
        "deployment.environment.name": settings.environment,
    }
    provider = TracerProvider(
        sampler=ParentBasedTraceIdRatio(settings.trace_sampling_ratio),
        resource=Resource(resource),
        shutdown_on_exit=False,
    )
    if settings.log_spans == "on":
        provider.add_span_processor(LogProcessor())
    provider.add_span_processor(BatchSpanProcessor(OtlpExporter(endpoint)))
    return provider


class LogProcessor(SpanProcessor):
    """Logs spans when they end."""

    def on_end(self, span: ReadableSpan) -> None:
        """Log one span."""
        assert span.context  # noqa: S101  the SDK's own spans have one
        logged = LoggedSpan(span.name, span.context, span.parent, span.kind, span.start_time)
        logged.set_attributes(span.attributes or {})
        logged.set_status(span.status)
        logged.end(span.end_time)


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
