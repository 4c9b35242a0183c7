"""`/health`, `/ready` and `/metrics`: for machines, open to all, the same on both services."""

from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from serving.errors import responses, unavailable
from serving.lifecycle import Lifecycle
from serving.metrics import Metrics
from serving.openapi import example

METRICS_EXAMPLE = """\
# HELP kaldra_build_info Constant 1.
# TYPE kaldra_build_info gauge
kaldra_build_info{service="kaldra-api",version="0.1.0"} 1.0
"""


class Health(BaseModel):
    """The process is alive."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """The service takes requests."""

    status: Literal["ready"] = "ready"


def router(lifecycle: Lifecycle, metrics: Metrics) -> APIRouter:
    """The routes of one service."""
    routes = APIRouter(tags=["health"])

    @routes.get("/health", responses=example(Health().model_dump()))
    async def health() -> Health:
        """Tell that the process is alive; never depends on load or on other services."""
        return Health()

    @routes.get(
        "/ready",
        responses={
            **example(Readiness().model_dump()),
            **responses(HTTPStatus.SERVICE_UNAVAILABLE),
        },
    )
    async def ready() -> Readiness:
        """Tell whether requests are welcome: not while starting, nor after SIGTERM."""
        if not lifecycle.ready:
            reason = "shutting down" if lifecycle.draining else "starting"
            raise unavailable("not_ready", f"The service is {reason}.")
        return Readiness()

    @routes.get(
        "/metrics",
        response_class=Response,
        responses=example(METRICS_EXAMPLE, "text/plain", schema={"type": "string"}),
    )
    async def prometheus() -> Response:
        """Prometheus metrics, in its text format."""
        return metrics.response()

    return routes
