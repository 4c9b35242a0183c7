"""What makes a FastAPI application one of our services."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware

from serving import docs, errors, health
from serving.health import Readiness
from serving.lifecycle import Lifecycle
from serving.metrics import Metrics
from serving.openapi import DescribedApp
from serving.shell import Guard, Shell
from serving.tracing import OFF, Tracing

Resources = Callable[[], AbstractAsyncContextManager[None]]


def build(  # noqa: PLR0913  each is one independent property of a service
    *,
    title: str,
    version: str,
    lifecycle: Lifecycle,
    metrics: Metrics,
    metrics_address: tuple[str, int] = ("127.0.0.1", 0),
    tracing: Tracing = OFF,
    resources: Resources,
    routers: Sequence[APIRouter],
    allowed_hosts: Sequence[str] = (),
    readiness: Callable[[], Readiness] = Readiness,
    middleware: Sequence[Middleware] = (),
) -> FastAPI:
    """An application with error envelope, health routes, access log and metrics.

    `routers` are matched in their order, before health and docs. `resources` is entered before the
    first request and left after the last one. `middleware` goes between the access log and the
    check of the Host header. `metrics_address` is host and port, 0 for none. `readiness` is what
    /ready answers while requests are welcome.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        with metrics.served(*metrics_address):
            async with resources():
                lifecycle.started = True
                yield
        tracing.close()

    app = DescribedApp(
        title=title,
        version=version,
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        middleware=[
            Middleware(Shell, metrics=metrics, lifecycle=lifecycle, tracer=tracing.tracer),
            *middleware,
            Middleware(Guard, lifecycle=lifecycle, allowed_hosts=allowed_hosts),
        ],
    )
    errors.install(app)
    for router in (*routers, health.router(lifecycle, readiness), docs.router(app)):
        _add_routes(app, router)
    return app


def _add_routes(app: FastAPI, router: APIRouter) -> None:
    """Put a router's routes into the application itself; a docstring's first sentence sums it up.

    `include_router` keeps the router, and then every request is matched twice.
    """
    for route in router.routes:
        if isinstance(route, APIRoute) and route.summary is None:
            summary, _, route.description = route.description.partition("\n\n")
            route.summary = " ".join(summary.split())
    app.router.routes.extend(router.routes)
