"""Answers of the core passed on as they come, byte for byte."""

import json
from collections.abc import AsyncIterator

import httpx
from fastapi import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from app.core_client import CoreClient
from serving.context import request_id
from serving.disconnect import while_connected

NDJSON = "application/x-ndjson"


async def forward(request: Request, core: CoreClient, path: str) -> Response:
    """The core's answer at `path` to the body that `request` was validated with."""
    body = await request.body()
    content = await while_connected(request, core.post(path, body))
    return Response(content, media_type="application/json")


async def forward_stream(request: Request, core: CoreClient, path: str) -> Response:
    """The same for an answer of many lines, each passed on when it comes."""
    body = await request.body()
    return _Relay(await while_connected(request, core.open(path, body)))


class _Relay(StreamingResponse):
    """Passes an answer on and closes it, also when the client leaves half-way."""

    def __init__(self, upstream: httpx.Response) -> None:
        super().__init__(_lines(upstream), media_type=NDJSON)
        self._upstream = upstream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._upstream.aclose()


async def _lines(upstream: httpx.Response) -> AsyncIterator[bytes]:
    """What comes; a core that breaks off ends it with a line that says so."""
    try:
        async for chunk in upstream.aiter_raw():
            yield chunk
    except httpx.TransportError:
        error = {
            "code": "core_unavailable",
            "message": "kaldra-core broke off; the texts after this line are not answered.",
            "details": [],
            "request_id": request_id(),
        }
        yield b"\n" + json.dumps({"error": error}).encode() + b"\n"
