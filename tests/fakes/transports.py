"""A transport to the core for tests: functions and applications instead of a network."""

from collections.abc import Mapping

import httpx2

URL = "http://core"


class InProcess:
    """A core that is asked within this process, by a transport of httpx2."""

    def __init__(self, transport: httpx2.AsyncBaseTransport) -> None:
        self._transport = transport
        self.close = transport.aclose

    async def ask(
        self, method: str, target: str, headers: Mapping[str, str], body: bytearray | None
    ) -> "_Answer":
        request = httpx2.Request(
            method, URL + target, headers=dict(headers), content=body and bytes(body)
        )
        return _Answer(await self._transport.handle_async_request(request))


class _Answer:
    def __init__(self, answer: httpx2.Response) -> None:
        self.status = answer.status_code
        self.headers: Mapping[str, str] = answer.headers
        self.read, self.pieces, self.close = answer.aread, answer.aiter_raw, answer.aclose
