"""`/status/`: whether the gateway, and the core behind it, are there."""

from http import HTTPStatus

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from app import __version__
from app.core_client import CoreClient
from serving.errors import responses
from serving.health import Readiness
from serving.openapi import example

ONLINE = "KALDRA API Gateway online"


class Status(BaseModel):
    """The gateway is there."""

    status: str = ONLINE
    version: str = __version__


class CoreStatus(Readiness):
    """The core answers the gateway; a saturated one refuses some requests."""


def router(core: CoreClient) -> APIRouter:
    """The routes, asking `core`."""
    routes = APIRouter(prefix="/status", tags=["status"])
    online = Status().model_dump_json().encode()

    @routes.get("/", response_model=Status, responses=example(Status().model_dump()))
    async def status() -> Response:
        """Tell that the gateway is online, and its version."""
        return Response(online, media_type="application/json")

    @routes.get(
        "/core",
        responses={
            **example(CoreStatus().model_dump()),
            **responses(HTTPStatus.SERVICE_UNAVAILABLE),
        },
    )
    async def core_status() -> CoreStatus:
        """Ask the core whether it takes requests."""
        return CoreStatus.model_validate({"status": await core.shared("status", core.status)})

    return routes
