"""`/health` and `/ready`: for machines, open to all, the same on both services."""

from collections.abc import Callable
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from serving.errors import example, responses, unavailable
from serving.lifecycle import Lifecycle


class Health(BaseModel):
    """The process is alive."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """The service takes requests; a saturated one refuses some of them."""

    status: Literal["ready", "saturated"] = "ready"


def router(lifecycle: Lifecycle, readiness: Callable[[], Readiness]) -> APIRouter:
    """The routes of one service."""
    routes = APIRouter(tags=["health"])

    @routes.get("/health", responses=example(Health().model_dump()))
    async def health() -> Health:
        """Tell that the process is alive; never depends on load or on other services."""
        return Health()

    @routes.get("/ready", responses={**example(Readiness().model_dump()), **responses(503)})
    async def ready() -> Readiness:
        """Tell whether requests are welcome: not while starting, nor after SIGTERM."""
        if not lifecycle.ready:
            reason = "shutting down" if lifecycle.draining else "starting"
            raise unavailable("not_ready", f"The service is {reason}.")
        return readiness()

    return routes
