"""The core over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from core import __version__
from serving import application
from serving.lifecycle import Lifecycle
from serving.metrics import Metrics

MAX_BODY_BYTES = 64 << 20


def create_app(*, lifecycle: Lifecycle | None = None) -> FastAPI:
    """The core's application."""

    @asynccontextmanager
    async def resources() -> AsyncIterator[None]:
        yield

    return application.build(
        title="KALDRA Core",
        version=__version__,
        lifecycle=lifecycle or Lifecycle(),
        metrics=Metrics("kaldra-core", __version__),
        resources=resources,
        routes=APIRouter(),
        max_body_bytes=MAX_BODY_BYTES,
    )
