"""Routes that only known callers reach, so often, checked before the body is read."""

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Security
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader
from starlette.responses import Response

from app.auth import HEADER, Callers
from app.limits import RateLimit
from serving.context import CURRENT
from serving.errors import responses

FAULTS = responses(
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)
"""How every guarded route may fail."""

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

_key_header = APIKeyHeader(
    name=HEADER, scheme_name="ApiKey", auto_error=False, description="Key of a known caller"
)


def guarded_router(
    callers: Callers | None, limit: RateLimit, *, prefix: str, tags: list[str]
) -> APIRouter:
    """A router whose requests are authenticated and counted first.

    Without `callers` everybody is served and counted by address.
    """

    def admit(request: Request) -> None:
        if callers:
            name = callers.identify(request.headers.get(HEADER))
            context = CURRENT.get()
            if context:
                context.caller = name
        else:
            name = request.client.host if request.client else ""
        limit.take(name)

    class GuardedRoute(APIRoute):
        def get_route_handler(self) -> Handler:
            handle = super().get_route_handler()

            async def handler(request: Request) -> Response:
                admit(request)
                return await handle(request)

            return handler

    documented = [Security(_key_header)] if callers is not None else []
    return APIRouter(
        prefix=prefix,
        tags=[*tags],
        route_class=GuardedRoute,
        dependencies=documented,
        responses=FAULTS,
    )
