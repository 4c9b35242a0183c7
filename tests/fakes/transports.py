"""The gateway's session with a core, for tests: functions and applications without a network."""

from collections.abc import Mapping
from typing import Any

import httpx2
import yarl


class InProcess:
    """A core that is asked within this process, by a transport of httpx2."""

    def __init__(self, transport: httpx2.AsyncBaseTransport) -> None:
        self._transport = transport
        self.close = transport.aclose

    async def request(self, method: str, url: yarl.URL, **options: Any) -> "_Answer":
        data, headers = options["data"], options["headers"]
        content = bytes(data) if isinstance(data, bytearray) else data
        request = httpx2.Request(method, str(url), headers=headers, content=content)
        return _Answer(await self._transport.handle_async_request(request))


class _Answer:
    def __init__(self, answer: httpx2.Response) -> None:
        self.status = answer.status_code
        self.headers: Mapping[str, str] = answer.headers
        self.content = self
        self.read, self.iter_any = answer.aread, answer.aiter_raw

    def close(self) -> None:
        pass
