"""What makes a FastAPI application one of our services."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware

from serving import docs, errors, health
from serving.health import Readiness
from serving.lifecycle import Lifecycle
from serving.metrics import Metrics
from serving.shell import Guard, Shell
from serving.tracing import OFF, Tracing

Resources = Callable[[], AbstractAsyncContextManager[None]]


class Service(FastAPI):
    """An application with error envelope, health routes, access log and metrics.

    `routers` are matched in their order, before health and docs. `resources` is entered before the
    first request and left after the last one. `middleware` goes between the access log and the
    check of the Host header. `metrics_address` is host and port, 0 for none. `readiness` is what
    /ready answers while requests are welcome.
    """

    def __init__(  # noqa: PLR0913  each is one independent property of a service
        self,
        *,
        title: str,
        version: str,
        metrics: Metrics,
        metrics_address: tuple[str, int] = ("127.0.0.1", 0),
        tracing: Tracing = OFF,
        resources: Resources = nullcontext,
        routers: Sequence[APIRouter],
        allowed_hosts: Sequence[str] = (),
        readiness: Callable[[], Readiness] = Readiness,
        middleware: Sequence[Middleware] = (),
    ) -> None:
        self.lifecycle = Lifecycle()
        self.metrics = metrics

        @asynccontextmanager
        async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
            with metrics.served(*metrics_address):
                async with resources():
                    self.lifecycle.started = True
                    yield
            tracing.close()

        super().__init__(
            title=title,
            version=version,
            lifespan=lifespan,
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
            telemetry={"tracing": False, "metrics": False, "logs": False},
            middleware=[
                Middleware(Shell, metrics=metrics, lifecycle=self.lifecycle, tracer=tracing.tracer),
                *middleware,
                Middleware(Guard, lifecycle=self.lifecycle, allowed_hosts=allowed_hosts),
            ],
        )
        errors.install(self)
        for router in (*routers, health.router(self.lifecycle, readiness), docs.router(self)):
            self._add_routes(router)

    def _add_routes(self, router: APIRouter) -> None:
        """Take a router's routes; a docstring's first sentence sums a route up.

        `include_router` keeps the router, and then every request is matched twice.
        """
        for route in router.routes:
            if isinstance(route, APIRoute) and route.summary is None:
                summary, _, route.description = route.description.partition("\n\n")
                route.summary = " ".join(summary.split())
        self.router.routes.extend(router.routes)

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document, made at the first call.

        It keeps the nulls in examples, which FastAPI removes.
        """
        if self.openapi_schema:
            return self.openapi_schema
        document = super().openapi()
        for route in self.routes:
            if isinstance(route, APIRoute) and route.include_in_schema:
                described = route.responses.get(HTTPStatus.OK, {}).get("content", {})
                for operation in document["paths"][route.path_format].values():
                    content = operation["responses"]["200"]["content"]
                    for media_type, media in described.items():
                        content[media_type]["example"] = media["example"]
        return document
