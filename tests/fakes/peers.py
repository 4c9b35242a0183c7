"""A core at the other end of a socket, which does with each connection what a test says."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager

Serve = Callable[["Peer"], Awaitable[None]]


class Peer:
    """One connection, as the core sees it."""

    def __init__(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self.number = number
        self._reader = reader
        self._writer = writer

    async def request(self) -> tuple[bytes, bytes]:
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head.lower())
        return head, await self._reader.readexactly(int(length[1]) if length else 0)

    async def say(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    def gone(self) -> bool:
        return self._writer.is_closing()

    async def left(self) -> bool:
        return await self._reader.read(1) == b""


class Core:
    """A server that does with its connections what a test says."""

    def __init__(self, serve: Serve) -> None:
        self.connections = 0
        self.port = 0
        self._serve = serve

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self._serve(Peer(self.connections, reader, writer))
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def core_that(serve: Serve):
    core = Core(serve)
    server = await asyncio.start_server(core.accept, "127.0.0.1", 0)
    core.port = server.sockets[0].getsockname()[1]
    async with server:
        yield core
