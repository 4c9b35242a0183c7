"""What makes a FastAPI application one of our services."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware

from serving import docs, errors, health
from serving.lifecycle import Lifecycle
from serving.metrics import Metrics
from serving.shell import Guard, Shell

Resources = Callable[[], AbstractAsyncContextManager[None]]


def build(  # noqa: PLR0913  each is one independent property of a service
    *,
    title: str,
    version: str,
    lifecycle: Lifecycle,
    metrics: Metrics,
    resources: Resources,
    routes: APIRouter,
    max_body_bytes: int,
    max_body_bytes_of: Mapping[str, int] | None = None,
    middleware: Sequence[Middleware] = (),
) -> FastAPI:
    """An application with error envelope, health routes, access log, metrics and limits.

    `routes` are matched before those of health and docs. `resources` is entered before the first
    request and left after the last one. `middleware` goes between the access log and the body
    limit, which `max_body_bytes_of` sets by path.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with resources():
            lifecycle.started = True
            yield

    app = FastAPI(
        title=title,
        version=version,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        middleware=[
            Middleware(Shell, metrics=metrics, lifecycle=lifecycle),
            *middleware,
            Middleware(
                Guard, max_body_bytes=max_body_bytes, max_body_bytes_of=max_body_bytes_of or {}
            ),
        ],
    )
    errors.install(app)
    add_routes(app, routes)
    add_routes(app, health.router(lifecycle, metrics))
    add_routes(app, docs.router())
    return app


def add_routes(app: FastAPI, router: APIRouter) -> None:
    """Put a router's routes into the application itself.

    `include_router` keeps the router, and then every request is matched twice.
    """
    app.router.routes.extend(router.routes)
