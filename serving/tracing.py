"""Whether requests are traced, and the stages of a request as spans.

The OpenTelemetry SDK is imported only where spans are sent: see serving.otlp.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from opentelemetry.trace import Tracer

from serving.context import CURRENT, NOT_TRACED
from serving.settings import ServiceSettings
from serving.spans import LogTracer

LAST_SECONDS = 0.5
"""At the end of a service, whose grace period an endpoint that does not answer may not use up."""


@dataclass(frozen=True)
class Tracing:
    """What makes a service's spans, and what sends the last of them."""

    tracer: Tracer = NOT_TRACED
    shut_down: Callable[[], None] | None = None

    def close(self) -> None:
        """Send what was not sent yet, within LAST_SECONDS; no request may follow."""
        if self.shut_down:
            thread = threading.Thread(target=self.shut_down, daemon=True)
            thread.start()
            thread.join(LAST_SECONDS)


OFF = Tracing()


def of(settings: ServiceSettings, *, service: str, version: str) -> Tracing:
    """Tracing as the settings say; `OFF` where they say nothing."""
    if settings.otlp_endpoint:
        from serving import otlp  # noqa: PLC0415  imports the SDK and protobuf

        provider = otlp.provider(settings.otlp_endpoint, settings, service, version)
        return Tracing(provider.get_tracer("kaldra"), provider.shutdown)
    if settings.log_spans == "on":
        return Tracing(LogTracer(settings.trace_sampling_ratio))
    return OFF


class Stages:
    """Stages of the current request, one after the other.

    They may end in other threads; `record` makes spans of them in the request's own context.
    """

    def __init__(self) -> None:
        context = CURRENT.get()
        self._context = context if context and context.span.is_recording() else None
        self._ends = [("", time.time_ns())] if self._context else []

    @property
    def recorded(self) -> bool:
        """Whether the request is traced."""
        return self._context is not None

    def ended(self, name: str) -> None:
        """Tell that a stage has ended; it began where the one before ended.

        A stage that ends twice in a row is one stage, such as that of several texts.
        """
        if self._context:
            if self._ends[-1][0] == name:
                self._ends.pop()
            self._ends.append((name, time.time_ns()))

    def record(self) -> None:
        """Make a span of each stage."""
        for (_, start), (name, end) in pairwise(self._ends):
            if self._context:
                self._context.start(name, start_time=start).end(end)
