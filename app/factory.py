"""The gateway's application, put together from its settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware

from app import __version__, auth
from app.core_client import CoreClient
from app.core_http import Transport
from app.cors import CrossOrigin
from app.guard import guarded_router
from app.limits import RateLimit
from app.routers import applications, engine, page, status, vocabulary
from app.settings import Settings
from serving import application
from serving.lifecycle import Lifecycle
from serving.metrics import Metrics

BATCH_PATHS = ("/engine/kaldra/batch", "/engine/kaldra/window")


def create_app(
    settings: Settings,
    *,
    lifecycle: Lifecycle | None = None,
    core_transport: Transport | None = None,
) -> FastAPI:
    """The gateway; `core_transport` replaces the network between it and the core.

    Raises SettingsError where the callers' keys cannot be read.
    """
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
        routes=status.router(core),
        max_body_bytes=settings.max_body_bytes,
        max_body_bytes_of=dict.fromkeys(BATCH_PATHS, settings.max_batch_bytes),
        middleware=_cross_origin(settings),
    )
    application.add_routes(app, page.router(core))
    for routes in _guarded(settings, core):
        application.add_routes(app, routes)
    return app


def _guarded(settings: Settings, core: CoreClient) -> tuple[APIRouter, APIRouter]:
    callers = auth.load(settings)
    limit = RateLimit(settings.rate_limit)
    of_engine = guarded_router(callers, limit, prefix="/engine", tags=["engine"])
    engine.add_routes(of_engine, core)
    vocabulary.add_routes(of_engine, core)
    of_applications = guarded_router(callers, limit, prefix="", tags=["applications"])
    applications.add_routes(of_applications, core)
    return of_engine, of_applications


def _cross_origin(settings: Settings) -> list[Middleware]:
    """Browsers' access for the listed origins; keys travel in a header, so no credentials."""
    if not settings.cors_origins:
        return []
    return [
        Middleware(
            CrossOrigin,
            allow_origins=settings.cors_origins,
            allow_methods=("GET", "POST"),
            allow_headers=(auth.HEADER, "Content-Type", "X-Request-ID", "traceparent"),
            expose_headers=("X-Request-ID", "Retry-After"),
        )
    ]
