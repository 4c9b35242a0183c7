"""JSON bodies of requests: read within bounds of size and memory, validated in one pass."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractContextManager
from http import HTTPStatus
from typing import Any

from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from serving.errors import ApiError, client_left, invalid_body, responses, unavailable
from serving.tracing import Stages

SMALL = 64 << 10
"""Bytes of a body that the budget does not count: the number of requests bounds their sum."""

LARGEST_SHARE = 0.5
"""Of the budget, for one caller."""

MOST_STRINGS = 4096
MOST_STRUCTURE = 8192
"""Bytes of a body outside of its strings, without white space: the largest valid body has 3,000.

They bound the depth, the number of values, and the length of numbers, before a parser makes objects
of them.
"""

BODY_FAULTS = responses(413, 415)
"""How a route with a body may fail beside the others."""

PAUSES = 9
"""How much longer than the validation of a large body the pause after it is."""

LARGE_BYTES_PER_SECOND = 6 << 20
"""Of one caller, in large bodies: no more text than a core computes in a second."""

_HELD = "kaldra.body"

Admit = Callable[[Request], AbstractContextManager[str]]
"""Lets a request in, under the name of its caller, or raises ApiError."""


class Body:
    """Bytes of one request's body, counted against the budget until it is released."""

    def __init__(self, bodies: "Bodies", caller: str) -> None:
        self.content = bytearray()
        self.caller = caller
        """Empty where all requests come from one."""
        self._bodies = bodies
        self._counted = 0

    def count(self, size: int) -> None:
        """Count `size` bytes in all. Raises ApiError 503, or 429 past the caller's share."""
        if size > max(SMALL, self._counted):
            self._bodies.count(self.caller, size - self._counted)
            self._counted = size

    def release(self) -> None:
        """Forget the content."""
        self._bodies.count(self.caller, -self._counted)
        self._counted = 0
        self.content = bytearray()


class Bodies:
    """Reads bodies of at most `largest` bytes (by path: `largest_of`), `budget` bytes at a time."""

    def __init__(
        self, *, largest: int, budget: int, largest_of: Mapping[str, int] | None = None
    ) -> None:
        self._largest = largest
        self._largest_of = dict(largest_of or {})
        self._budget = budget
        self._by_caller: Counter[str] = Counter()
        self._validating = asyncio.Lock()
        self._next_large = 0.0
        """When the next large body may be validated, by the monotonic clock."""
        self._next_large_of: dict[str, float] = {}
        """The same by caller; only times to come."""
        self.held = 0

    def count(self, caller: str, size: int) -> None:
        """Add `size` bytes, which may be negative, to those of `caller`. Raises like `Body`."""
        if size > 0:
            if self.held + size > self._budget:
                message = "Too many large bodies are being read; try again shortly."
                raise unavailable("busy", message)
            if caller and self._by_caller[caller] + size > self._budget * LARGEST_SHARE:
                raise ApiError(
                    HTTPStatus.TOO_MANY_REQUESTS,
                    "too_much_at_once",
                    "Your other requests have bodies as large as one caller may send at once.",
                    headers={"Retry-After": "1"},
                )
        self.held += size
        self._by_caller[caller] += size
        if not self._by_caller[caller]:
            del self._by_caller[caller]

    async def read(self, request: Request, body: Body) -> bytearray:
        """The whole body. Raises ApiError for one that is no JSON by its type, or too large."""
        limit = self._largest_of.get(request.scope["path"], self._largest)
        _check_type(request.headers.get("content-type", ""))
        declared = request.headers.get("content-length", "")
        if declared.isdigit():
            _check_size(int(declared), limit)
            body.count(int(declared))
        content = bytearray()  # pieces joined at the end would take the memory twice
        more = True
        while more:
            message = await request.receive()
            if message["type"] == "http.disconnect":
                raise client_left()
            content += message.get("body", b"")
            _check_size(len(content), limit)
            body.count(len(content))
            more = message.get("more_body", False)
        return content

    async def validated(
        self, adapter: TypeAdapter[Any], content: bytearray, caller: str = ""
    ) -> Any:
        """The body as a model. Raises ApiError naming what does not fit.

        Large ones are validated one by one, each followed by a pause: another request needs several
        turns of the event loop, and would wait for a large body at each. A `caller` who sends many
        waits for its own ones longer than others do.
        """
        if len(content) <= SMALL:
            return _validated(adapter, content)
        if caller:
            await asyncio.sleep(self._seconds_until_turn(caller, len(content)))
        async with self._validating:
            await asyncio.sleep(self._next_large - time.monotonic())
            began = time.monotonic()
            try:
                return _validated(adapter, content)
            finally:
                ended = time.monotonic()
                self._next_large = ended + PAUSES * (ended - began)

    def _seconds_until_turn(self, caller: str, size: int) -> float:
        now = time.monotonic()
        self._next_large_of = {name: at for name, at in self._next_large_of.items() if at > now}
        turn = self._next_large_of.get(caller, now)
        self._next_large_of[caller] = turn + size / LARGE_BYTES_PER_SECOND
        return turn - now


def bounded_route(bodies: Bodies, admit: Admit) -> type[APIRoute]:
    """A class of routes: each request is admitted before its body is read.

    The endpoint of a route with a body takes the request and the validated body, in this order.
    """

    class BoundedRoute(APIRoute):
        def __init__(
            self, path: str, endpoint: Callable[..., Any], *, responses: Any, **options: Any
        ) -> None:
            """Document the errors of a body where the route reads one."""
            if "POST" in options["methods"]:
                responses = {**responses, **BODY_FAULTS}
            super().__init__(path, endpoint, responses=responses, **options)

        async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
            """Serve one request; what it holds is given back when its answer has been sent."""
            if scope["method"] not in (self.methods or ()):
                await super().handle(scope, receive, send)
                return
            with admit(Request(scope)) as caller:
                body = scope[_HELD] = Body(bodies, caller)
                try:
                    await super().handle(scope, receive, send)
                finally:
                    body.release()

        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            """FastAPI's handler, or one that reads a body within bounds."""
            if self.body_field is None:
                return super().get_route_handler()
            model: Any = self.body_field.field_info.annotation
            adapter: TypeAdapter[Any] = TypeAdapter(model)
            endpoint = self.endpoint

            async def handler(request: Request) -> Response:
                body = body_of(request)
                stages = Stages()
                body.content = await bodies.read(request, body)
                stages.ended("read body")
                found = await bodies.validated(adapter, body.content, body.caller)
                stages.ended("validate")
                stages.record()
                response: Response = await endpoint(request, found)
                return response

            return handler

    return BoundedRoute


def body_of(request: Request) -> Body:
    """The body of a request to a bounded route."""
    body: Body = request.scope[_HELD]
    return body


def _check_type(content_type: str) -> None:
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise ApiError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "The body must be application/json.",
            headers={"Accept": "application/json"},
        )


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise ApiError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "body_too_large",
            f"The body is larger than {limit} bytes.",
            headers={"Connection": "close"},
        )


def _validated(adapter: TypeAdapter[Any], content: bytearray) -> Any:
    _check_structure(content)
    try:
        return adapter.validate_json(content)
    except ValidationError as error:
        raise invalid_body(error) from None


def _check_structure(content: bytearray) -> None:
    """Refuse what costs a parser much more memory than its length."""
    bare = content
    if b"\\" in content:
        bare = content.replace(b"\\\\", b"").replace(b'\\"', b"")
    pieces = []
    end = 0
    for _ in range(MOST_STRINGS):  # found one by one, since to split copies every string
        begin = bare.find(b'"', end)
        if begin < 0:
            break
        pieces.append(bare[end:begin])
        end = bare.find(b'"', begin + 1) + 1 or len(bare)
    structure = b"".join([*pieces, bare[end:]])
    if len(structure.translate(None, b" \t\r\n")) > MOST_STRUCTURE:
        raise ApiError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "validation_error",
            "The body has more fields and values than any valid one.",
        )
