"""The gateway's application, put together from its settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from starlette.middleware import Middleware

from app import __version__, auth, page
from app.admission import Admission, LoadShedding
from app.core_client import CoreClient
from app.cors import CrossOrigin
from app.routers import applications, engine, status
from app.settings import Settings
from serving import tracing
from serving.application import Service
from serving.bodies import Bodies
from serving.metrics import Metrics

BATCH_PATHS = ("/engine/kaldra/batch", "/engine/kaldra/window")


def create_app(settings: Settings, core_session: aiohttp.ClientSession | None = None) -> Service:
    """The gateway; `core_session` replaces the network between it and the core.

    Raises SettingsError where the callers' keys cannot be read.
    """
    metrics = Metrics("kaldra-api", __version__)
    core = CoreClient(settings, metrics, core_session)
    bodies = Bodies(
        largest=settings.max_body_bytes,
        largest_of=dict.fromkeys(BATCH_PATHS, settings.max_batch_bytes),
        budget=settings.max_bytes_in_flight,
    )
    admission = Admission(settings, auth.load(settings))
    metrics.watch("kaldra_body_bytes", "Bytes of large bodies held.", lambda: bodies.held)
    metrics.watch(
        "kaldra_requests_admitted", "Guarded requests being served.", lambda: admission.places.held
    )

    @asynccontextmanager
    async def resources() -> AsyncIterator[None]:
        yield
        await core.close()

    cross_origin = Middleware(CrossOrigin, origins=settings.cors_origins)
    routers = (
        engine.router(core, admission, bodies),
        applications.router(core, admission, bodies),
    )
    return Service(
        title="KALDRA API Gateway",
        version=__version__,
        metrics=metrics,
        metrics_address=(settings.host, settings.metrics_port),
        tracing=tracing.of(settings, service="kaldra-api", version=__version__),
        resources=resources,
        routers=(status.router(core), *routers, page.router(core)),
        allowed_hosts=settings.allowed_hosts,
        middleware=[
            *([cross_origin] if settings.cors_origins else []),
            Middleware(LoadShedding, admission=admission, routers=routers),
        ],
    )
