"""Answers of the core passed on as they come, byte for byte."""

from collections.abc import AsyncIterator

from fastapi import Request
from starlette.responses import Response

from app.core_client import CoreClient, Stream
from app.core_http import CoreError
from serving.bodies import body_of
from serving.disconnect import while_connected
from serving.errors import error_line
from serving.streaming import LineStream


async def forward(request: Request, core: CoreClient, path: str) -> Response:
    """The core's answer at `path` to the body that `request` was validated with."""
    work = core.post(path, body_of(request).content)
    return Response(await while_connected(request, work), media_type="application/json")


async def forward_stream(request: Request, core: CoreClient, path: str) -> Response:
    """The same for an answer of many lines, each passed on when it comes."""
    body = body_of(request)
    stream = await while_connected(request, core.open(path, body.content))
    body.release()
    return LineStream(_pieces(stream), stream.close)


async def _pieces(stream: Stream) -> AsyncIterator[bytes]:
    """What comes; a core that breaks off ends it with a line that says so."""
    try:
        async for chunk in stream.pieces():
            yield chunk
    except CoreError:
        message = "kaldra-core broke off; the texts after this line are not answered."
        yield b"\n" + error_line("core_unavailable", message)
