"""The core as a service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from core import __version__
from core.http import routes
from core.http.workers import Workers
from core.kernel import Kernel
from core.settings import Settings
from serving import application
from serving.lifecycle import Lifecycle
from serving.metrics import Metrics

MAX_BODY_BYTES = 16 << 20
"""More than the gateway lets through, whose limits are the ones callers meet."""


def create_app(
    settings: Settings, kernel: Kernel, *, lifecycle: Lifecycle | None = None
) -> FastAPI:
    """The service that computes with `kernel`."""
    workers = Workers(threads=settings.threads, places=settings.places)

    @asynccontextmanager
    async def resources() -> AsyncIterator[None]:
        yield
        workers.close()

    return application.build(
        title="KALDRA Core",
        version=__version__,
        lifecycle=lifecycle or Lifecycle(),
        metrics=Metrics("kaldra-core", __version__),
        resources=resources,
        routes=routes.router(kernel, workers),
        max_body_bytes=MAX_BODY_BYTES,
    )
