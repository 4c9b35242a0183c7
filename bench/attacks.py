"""Attacks on the gateway over loopback, and a bystander who goes on asking meanwhile."""

import asyncio
import json
import socket
import time
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

LONGEST_TEXT = 50_000
PATIENCE_SECONDS = 60
BATCH = "/engine/kaldra/batch"
SIGNAL = "/engine/kaldra/signal"
ALPHA = "/alpha/analyze"
CHEAP = {"text": "The board fears the risk, yet the founders dare to rebuild the company."}


@dataclass
class Answer:
    """Status, headers (names in lower case) and body; status 0 where the connection just ended."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass
class Seen:
    """What a bystander saw: status and seconds of each request."""

    signals: list[tuple[int, float]] = field(default_factory=list)
    healths: list[tuple[int, float]] = field(default_factory=list)


def request(path: str, body: object = None, *, key: str = "", method: str = "") -> bytes:
    """A request as it goes over the wire; a body other than bytes is sent as JSON."""
    content = (
        body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    )
    lines = [f"{method or ('GET' if body is None else 'POST')} {path} HTTP/1.1", "host: localhost"]
    if key:
        lines.append(f"x-api-key: {key}")
    if body is not None:
        lines += ["content-type: application/json", f"content-length: {len(content)}"]
    return "\r\n".join([*lines, "", ""]).encode() + content


async def connect(
    port: int, receive_buffer: int = 0
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to the gateway; with a small `receive_buffer` little arrives unread."""
    sock = socket.socket()
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.setblocking(False)  # noqa: FBT003  the library's own signature
    try:
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        return await asyncio.open_connection(sock=sock, limit=1 << 16)
    except BaseException:
        sock.close()
        raise


async def ask(port: int, data: bytes, *, whole: bool = True) -> Answer:
    """Send `data` on a connection of its own, and read the answer, or the head of it alone."""
    reader, writer = await connect(port)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            with suppress(ConnectionError):  # refused before all was sent: the answer may be there
                writer.write(data)
                await writer.drain()
            return await answer(reader, whole=whole)
    finally:
        writer.transport.abort()


async def answer(reader: asyncio.StreamReader, *, whole: bool = True) -> Answer:
    """Read one answer."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip().split("\r\n")
        headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines)}
        found = Answer(int(first.split()[1]), headers)
        if not whole:
            return found
        if "content-length" in headers:
            found.body = await reader.readexactly(int(headers["content-length"]))
        elif headers.get("transfer-encoding") == "chunked":
            found.body = await _chunks(reader)
    except (ConnectionError, asyncio.IncompleteReadError):
        return Answer()
    return found


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    pieces = []
    while size := int(await reader.readuntil(b"\r\n"), 16):
        pieces.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readexactly(2)
    return b"".join(pieces)


@asynccontextmanager
async def bystander(port: int, key: str, pause: float = 0.02) -> AsyncIterator[Seen]:
    """Somebody else, who asks for cheap signals and for /health while the context lasts."""
    seen = Seen()

    async def repeat(data: bytes, results: list[tuple[int, float]]) -> None:
        while True:
            began = time.perf_counter()
            status = (await ask(port, data)).status
            results.append((status, time.perf_counter() - began))
            await asyncio.sleep(pause)

    tasks = [
        asyncio.create_task(repeat(request(SIGNAL, CHEAP, key=key), seen.signals)),
        asyncio.create_task(repeat(request("/health"), seen.healths)),
    ]
    try:
        yield seen
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def marked_text() -> str:
    """A letter and combining marks in descending class: what normalisation sorts slowest."""
    marks = filter(unicodedata.combining, map(chr, range(0x300, 0x1E94B)))
    ordered = sorted(marks, key=unicodedata.combining, reverse=True)
    step = len(ordered) / LONGEST_TEXT
    return "a" + "".join(ordered[int(i * step)] for i in range(LONGEST_TEXT - 1))


def many_fields(count: int = 700_000) -> bytes:
    """A body with unknown fields."""
    return b'{"texts":["x"],' + b",".join(b'"%d":1' % n for n in range(count)) + b"}"


def many_sections() -> dict[str, str]:
    """An earnings call of as many paragraphs as fit."""
    return {"text": "a\n\n" * (LONGEST_TEXT // 3)}


def long_explanation() -> dict[str, object]:
    """One of the longest texts, explained."""
    return {"text": (CHEAP["text"] + " ") * 680, "options": {"explain": True}}


def large_batch(size: int = 8_300_000, texts: int = 1000) -> dict[str, list[str]]:
    """A valid batch of about `size` bytes."""
    text = (CHEAP["text"] + " ") * (size // texts // (len(CHEAP["text"]) + 1))
    return {"texts": [text] * texts}


def many_texts(texts: int = 1000) -> dict[str, list[str]]:
    """A valid batch whose answer is much larger than itself."""
    return {"texts": [CHEAP["text"]] * texts}
