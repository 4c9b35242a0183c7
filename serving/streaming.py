"""Answers that are given up when their client leaves, whole ones and those of many lines."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from serving.errors import client_left

NDJSON = "application/x-ndjson"

T = TypeVar("T")


async def while_connected(request: Request, work: Awaitable[T]) -> T:
    """Result of `work`, which is cancelled as soon as the client disconnects.

    The request's body must have been read before. Raises ApiError when the client has left.
    """
    task = asyncio.ensure_future(work)
    left = asyncio.ensure_future(_disconnect(request))
    try:
        await asyncio.wait((task, left), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise client_left()
        return task.result()
    finally:
        left.cancel()
        if task.cancel():
            await asyncio.wait((task,))


async def _disconnect(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def line_stream(request: Request, pieces: AsyncGenerator[bytes, None]) -> Response:
    """An answer of pieces as they come; until the first one is there, it can still be refused."""
    return _LineStream(await while_connected(request, anext(pieces)), pieces)


class _LineStream(StreamingResponse):
    """Closes `rest` at the end, also when the client leaves early."""

    def __init__(self, first: bytes, rest: AsyncGenerator[bytes, None]) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            yield first
            async for piece in rest:
                yield piece

        super().__init__(pieces(), media_type=NDJSON)
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send everything, then close."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._rest.aclose()
