"""The gateway's application, put together from its settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from app import __version__
from app.core_client import CoreClient
from app.routers import status
from app.settings import Settings
from serving import application
from serving.lifecycle import Lifecycle
from serving.metrics import Metrics

MAX_BODY_BYTES = 1 << 20


def create_app(
    settings: Settings,
    *,
    lifecycle: Lifecycle | None = None,
    core_transport: httpx.AsyncBaseTransport | None = None,
) -> FastAPI:
    """The gateway; `core_transport` replaces the network between it and the core."""
    core = CoreClient(settings, core_transport)

    @asynccontextmanager
    async def resources() -> AsyncIterator[None]:
        yield
        await core.close()

    app = application.build(
        title="KALDRA API Gateway",
        version=__version__,
        lifecycle=lifecycle or Lifecycle(),
        metrics=Metrics("kaldra-api", __version__),
        resources=resources,
        max_body_bytes=MAX_BODY_BYTES,
    )
    app.include_router(status.router(core))
    return app
