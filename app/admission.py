"""Who is let in, how often and how much at once: decided before a body is read."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from app.auth import HEADER, Callers
from app.limits import Places, RateLimit
from app.settings import Settings
from serving.context import CURRENT
from serving.errors import ApiError


class Admission:
    """Authenticates and counts requests; without `callers` everybody is let in, by address."""

    def __init__(self, settings: Settings, callers: Callers | None) -> None:
        self._callers = callers
        self.wants_keys = callers is not None
        self._requests = RateLimit("requests", settings.rate_limit)
        self.texts = RateLimit("texts", settings.text_limit)
        self._wrong_keys = RateLimit("wrong-keys", settings.rate_limit)
        self.places = Places(settings.concurrency, settings.caller_concurrency)

    @contextmanager
    def admit(self, request: Request) -> Iterator[str]:
        """Name of the caller, who holds a place meanwhile. Raises ApiError 401, 429 or 503."""
        caller = self._identified(request)
        self._requests.take(caller)
        with self.places.hold(caller):
            yield caller

    def check(self, request: Request) -> None:
        """Raise ApiError 401, 429 or 503 for a request that would find no place; take nothing."""
        self.places.check(self._identified(request))

    def _identified(self, request: Request) -> str:
        address = request.client.host if request.client else ""
        if self._callers is None:
            return address
        try:
            name = self._callers.identify(request.headers.get(HEADER))
        except ApiError:
            self._wrong_keys.take(address)
            raise
        if context := CURRENT.get():
            context.caller = name
        return name


class LoadShedding:
    """Refuses, before anything else is done for them, requests that would find no place.

    In a crowd these are most of all, and routing alone takes longer than to refuse one.
    """

    def __init__(self, app: ASGIApp, admission: Admission, routers: Iterable[APIRouter]) -> None:
        self._app = app
        self._admission = admission
        routes = (r for each in routers for r in each.routes if isinstance(r, APIRoute))
        self._routes = {route.path: route for route in routes if "POST" in (route.methods or ())}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if self._admission.places.crowded and scope.get("method") == "POST":
            route = self._routes.get(scope["path"])
            if route:
                try:
                    self._admission.check(Request(scope))
                except ApiError as error:
                    scope["route"] = route  # for the access log and the metrics
                    await error.response()(scope, receive, send)
                    return
        await self._app(scope, receive, send)
