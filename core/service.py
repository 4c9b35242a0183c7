"""The core as a service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core import __version__
from core.http import routes
from core.http.workers import Workers
from core.kernel import Kernel
from core.settings import Settings
from serving import tracing
from serving.application import Service
from serving.bodies import Bodies
from serving.health import Readiness
from serving.metrics import Metrics

MAX_BODY_BYTES = 16 << 20
"""More than the gateway lets through, whose limits are the ones callers meet."""


def create_app(settings: Settings, kernel: Kernel) -> Service:
    """The service that computes with `kernel`."""
    workers = Workers(threads=settings.threads, places=settings.places)
    bodies = Bodies(largest=MAX_BODY_BYTES, budget=settings.max_bytes_in_flight)
    metrics = Metrics("kaldra-core", __version__)
    metrics.watch("kaldra_places", "Computations that may run or wait.", lambda: workers.places)
    metrics.watch("kaldra_places_held", "Computations running or waiting.", lambda: workers.held)
    metrics.watch("kaldra_queue_length", "Computations waiting.", lambda: workers.waiting)
    metrics.watch("kaldra_body_bytes", "Bytes of large bodies held.", lambda: bodies.held)

    @asynccontextmanager
    async def resources() -> AsyncIterator[None]:
        yield
        workers.close()

    def readiness() -> Readiness:
        return Readiness(status="saturated" if workers.held >= workers.places else "ready")

    return Service(
        title="KALDRA Core",
        version=__version__,
        metrics=metrics,
        metrics_address=(settings.host, settings.metrics_port),
        tracing=tracing.of(settings, service="kaldra-core", version=__version__),
        resources=resources,
        routers=(routes.router(kernel, workers, bodies),),
        readiness=readiness,
    )
