"""A core at the other end of a socket, which does with each connection what a test says."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass

Serve = Callable[["Peer"], Awaitable[None]]


@dataclass
class Peer:
    """One connection, as the core sees it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def request(self) -> tuple[bytes, bytes]:
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head.lower())
        return head, await self.reader.readexactly(int(length[1]) if length else 0)

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def left(self) -> bool:
        return await self.reader.read(1) == b""


@dataclass
class Core:
    """Where the core listens, and how many connections were made to it."""

    port: int = 0
    connections: int = 0


@asynccontextmanager
async def core_that(serve: Serve) -> AsyncIterator[Core]:
    core = Core()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        core.connections += 1
        with closing(writer), suppress(asyncio.IncompleteReadError):
            await serve(Peer(reader, writer))

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
        core.port = server.sockets[0].getsockname()[1]
        yield core
