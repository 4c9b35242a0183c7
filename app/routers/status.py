"""`/status/`: whether the gateway, and the core behind it, are there."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.responses import Response

from app import __version__
from app.core_client import CoreClient
from serving.errors import example, responses
from serving.health import Readiness

ONLINE = "KALDRA API Gateway online"


class Status(BaseModel):
    """The gateway is there."""

    status: str = ONLINE
    version: str = __version__


class CoreStatus(Readiness):
    """The core answers the gateway; a saturated one refuses some requests."""


class PolledRoute(APIRoute):
    """A route without parameters; to have FastAPI look for some takes a third of the request."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Call the endpoint, which returns a response."""

        async def handler(_request: Request) -> Response:
            response: Response = await self.endpoint()
            return response

        return handler


def router(core: CoreClient) -> APIRouter:
    """The routes, asking `core`."""
    routes = APIRouter(prefix="/status", tags=["status"])
    online = Status().model_dump_json().encode()

    async def status() -> Response:
        """Tell that the gateway is online, and its version."""
        return Response(online, media_type="application/json")

    routes.add_api_route(
        "/",
        status,
        response_model=Status,
        responses=example(Status().model_dump()),
        route_class_override=PolledRoute,
    )

    @routes.get("/core", responses={**example(CoreStatus().model_dump()), **responses(503)})
    async def core_status() -> CoreStatus:
        """Ask the core whether it takes requests."""
        return CoreStatus.model_validate({"status": await core.shared("status", core.status)})

    return routes
