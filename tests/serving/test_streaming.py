import asyncio
from collections.abc import AsyncGenerator

import pytest
from fastapi import Request
from starlette.types import Message

from serving.errors import ApiError
from serving.streaming import line_stream, while_connected

pytestmark = pytest.mark.anyio
SCOPE = {"type": "http", "method": "POST", "path": "/", "headers": []}


class Client:
    """A client that has sent its request and may leave."""

    def __init__(self) -> None:
        self.left = asyncio.Event()
        self.received: list[Message] = []

    async def receive(self) -> Message:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.received.append(message)
        if message.get("body"):
            self.left.set()


async def test_work_ends_with_its_client():
    client, ended = Client(), asyncio.Event()

    async def work() -> None:
        client.left.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with pytest.raises(ApiError) as caught:
        await while_connected(Request(SCOPE, client.receive), work())
    assert caught.value.status_code == 499
    assert ended.is_set()


async def test_a_stream_is_closed_when_its_client_leaves():
    client, closed = Client(), asyncio.Event()

    async def endless() -> AsyncGenerator[bytes, None]:
        try:
            while True:
                yield b"{}\n"
                await asyncio.sleep(0)
        finally:
            closed.set()

    answer = await line_stream(Request(SCOPE, client.receive), endless())
    await answer(SCOPE, client.receive, client.send)
    assert closed.is_set()
    assert client.received[0]["status"] == 200
