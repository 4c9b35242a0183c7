"""Answers of many lines, with an end that is always tidied up."""

from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

NDJSON = "application/x-ndjson"


class LineStream(StreamingResponse):
    """Sends pieces as they come; `close` runs at the end, also when the client leaves early."""

    def __init__(self, pieces: AsyncIterator[bytes], close: Callable[[], Awaitable[None]]) -> None:
        super().__init__(pieces, media_type=NDJSON)
        self._close = close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send everything, then close."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._close()
