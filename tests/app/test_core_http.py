"""The way to the core over real sockets: what it sends, keeps, retries and gives up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from app import core_http
from app.core_client import CoreClient
from app.core_http import (
    CoreConnectionLostError,
    CoreTimeoutError,
    CoreUnavailableError,
    HttpTransport,
)
from app.settings import Settings
from serving.errors import ApiError
from serving.metrics import Metrics
from tests.fakes.peers import Peer, Serve, core_that

PATIENCE_SECONDS = 20
pytestmark = [pytest.mark.anyio, pytest.mark.timeout(PATIENCE_SECONDS)]
TYPE = b"content-type: application/json\r\n"
OK = b"HTTP/1.1 200 OK\r\n" + TYPE + b"content-length: 2\r\n\r\n{}"
LINES = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n"
)
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
HEADERS = {"content-type": "application/json", "x-request-id": "r-1"}


@asynccontextmanager
async def transport_to(
    port: int, seconds: float = PATIENCE_SECONDS, connections: int = 10
) -> AsyncIterator[HttpTransport]:
    transport = HttpTransport(f"http://127.0.0.1:{port}", seconds, connections)
    try:
        yield transport
    finally:
        await transport.close()


@asynccontextmanager
async def client_to(port: int, **environment: str) -> AsyncIterator[CoreClient]:
    url = f"http://127.0.0.1:{port}"
    settings = Settings.load({"CORE_SERVICE_URL": url, **environment})
    client = CoreClient(settings, Metrics("test", "1"))
    try:
        yield client
    finally:
        await client.close()


async def posted(transport: HttpTransport, body: bytes = b"{}") -> bytes:
    return await (await transport.ask("POST", "/", HEADERS, body)).read()


async def always_ok(peer: Peer) -> None:
    while True:
        await peer.request()
        await peer.say(OK)


def once(start: bytes, *, stays: bool = False, trickles: bytes = b"") -> Serve:
    """Say `start` to the first request, and leave unless told to stay or to go on for ever."""

    async def serve(peer: Peer) -> None:
        await peer.request()
        await peer.say(start)
        while trickles and not peer.writer.is_closing():
            await peer.say(trickles)
            await asyncio.sleep(0.05)
        if stays:
            await peer.left()

    return serve


async def test_a_request_is_what_was_asked_and_no_more():
    seen: list[tuple[bytes, bytes]] = []

    async def serve(peer: Peer) -> None:
        seen.append(await peer.request())
        await peer.say(OK)

    async with core_that(serve) as core, transport_to(core.port) as transport:
        answer = await transport.ask("POST", "/v1/signal?a=b", HEADERS, b'{"text": "x"}')
        assert (answer.status, await answer.read()) == (200, b"{}")
    ((head, body),) = seen
    lines = head.decode().rstrip().split("\r\n")
    assert lines[0] == "POST /v1/signal?a=b HTTP/1.1"
    assert {line.lower() for line in lines[1:]} == {
        f"host: 127.0.0.1:{core.port}",
        "content-type: application/json",
        "x-request-id: r-1",
        "content-length: 13",
    }
    assert body == b'{"text": "x"}'


async def test_a_long_body_arrives_whole():
    seen: list[bytes] = []

    async def serve(peer: Peer) -> None:
        seen.append((await peer.request())[1])
        await peer.say(OK)

    body = bytes(range(256)) * (8 << 12)
    async with core_that(serve) as core, transport_to(core.port) as transport:
        await posted(transport, body)
    assert seen == [body]


async def test_connections_are_kept_and_no_more_than_allowed():
    async with core_that(always_ok) as core, transport_to(core.port, connections=2) as transport:
        assert await asyncio.gather(*(posted(transport) for _ in range(8))) == [b"{}"] * 8
        assert core.connections == 2


async def test_an_idle_connection_is_given_up_in_time(monkeypatch):
    monkeypatch.setattr(core_http, "IDLE_SECONDS", 0.05)

    async with core_that(always_ok) as core, transport_to(core.port) as transport:
        for _ in range(2):
            await posted(transport)
            await asyncio.sleep(0.1)
        assert core.connections == 2


async def test_pieces_come_as_they_are_sent():
    received = asyncio.Event()

    async def serve(peer: Peer) -> None:
        await peer.request()
        await peer.say(CHUNKED + b"2\r\na\n\r\n")
        await received.wait()
        await peer.say(b"2\r\nb\n\r\n0\r\n\r\n")

    async with core_that(serve) as core, transport_to(core.port) as transport:
        answer = await transport.ask("POST", "/", HEADERS, b"{}")
        pieces = []
        async for piece in answer.pieces():
            pieces.append(piece)
            received.set()
        assert pieces == [b"a\n", b"b\n"]


@pytest.mark.parametrize(
    "start", [CHUNKED + b"2\r\na\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\na\n"]
)
async def test_pieces_that_break_off(start: bytes):
    async with core_that(once(start)) as core, transport_to(core.port) as transport:
        answer = await transport.ask("POST", "/", HEADERS, b"{}")
        pieces = answer.pieces()
        assert await anext(pieces) == b"a\n"
        with pytest.raises(CoreConnectionLostError):
            await anext(pieces)
        await answer.close()


async def test_an_answer_given_up_closes_its_connection():
    gone: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    async def serve(peer: Peer) -> None:
        await peer.request()
        await peer.say(CHUNKED + b"2\r\na\n\r\n")
        gone.set_result(await peer.left())

    async with core_that(serve) as core, transport_to(core.port) as transport:
        answer = await transport.ask("POST", "/", HEADERS, b"{}")
        await anext(answer.pieces())
        await answer.close()
        assert await gone


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\na"])
async def test_an_answer_that_is_late(start: bytes):
    serve = once(start, stays=True)
    async with core_that(serve) as core, transport_to(core.port, 0.1) as transport:
        with pytest.raises(CoreTimeoutError):
            await posted(transport)


async def test_a_core_that_takes_no_bytes_is_slow(monkeypatch):
    monkeypatch.setattr(core_http, "CONNECT_SECONDS", 0.1)

    async def serve(_peer: Peer) -> None:
        await asyncio.sleep(PATIENCE_SECONDS)

    async with core_that(serve) as core, transport_to(core.port, 0.1) as transport:
        with pytest.raises(CoreTimeoutError):
            await transport.ask("POST", "/", HEADERS, b"x" * (32 << 20))


async def test_a_pool_that_stays_full_is_no_slow_core():
    serve = once(CHUNKED, stays=True)
    async with core_that(serve) as core, transport_to(core.port, 0.1, 1) as transport:
        held = await transport.ask("POST", "/", HEADERS, b"{}")
        with pytest.raises(CoreUnavailableError):
            await transport.ask("POST", "/", HEADERS, b"{}")
        await held.close()


@pytest.mark.parametrize("seconds", [0.0, 5.0])
async def test_a_name_that_is_not_found(monkeypatch, seconds: float):
    async def slow(*_arguments, **_named):
        await asyncio.sleep(seconds)
        raise OSError("no such name")

    monkeypatch.setattr(aiohttp.ThreadedResolver, "resolve", slow)

    transport = HttpTransport("http://kaldra-core:9000", PATIENCE_SECONDS, 1)
    started = asyncio.get_running_loop().time()
    with pytest.raises(CoreUnavailableError):
        await transport.ask("POST", "/", HEADERS, b"{}")
    assert asyncio.get_running_loop().time() - started < 4
    await transport.close()


@pytest.mark.parametrize(
    "fault",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nconte",
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\na",
        b"nonsense\r\n\r\n",
    ],
)
async def test_a_request_whose_connection_breaks_is_not_sent_again(fault: bytes):
    async with core_that(once(fault)) as core, client_to(core.port) as client:
        with pytest.raises(ApiError) as raised:
            await client.post("/v1/signal", b"{}")
        assert (raised.value.status_code, raised.value.code) == (503, "core_unavailable")
        assert core.connections == 1


async def test_a_connection_that_is_refused_is_tried_once_more(monkeypatch):
    asked = 0
    create = aiohttp.TCPConnector._create_connection

    async def refused_first(*arguments):
        nonlocal asked
        asked += 1
        if asked == 1:
            key = arguments[1].connection_key
            raise aiohttp.ClientConnectorError(key, OSError(111, "refused"))
        return await create(*arguments)

    monkeypatch.setattr(aiohttp.TCPConnector, "_create_connection", refused_first)

    async with core_that(always_ok) as core, client_to(core.port) as client:
        assert await client.post("/v1/signal", b"{}") == b"{}"


@pytest.mark.parametrize(
    "start", [OK.replace(b": 2", b": 99"), b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 3]
)
async def test_a_core_that_trickles_is_slow(start: bytes):
    serve = once(start, trickles=b" ")
    async with core_that(serve) as core, client_to(core.port, CORE_TIMEOUT_SECONDS="0.3") as client:
        with pytest.raises(ApiError) as raised:
            await client.post("/v1/signal", b"{}")
        assert raised.value.status_code == 504


async def test_a_stream_that_trickles_is_slow():
    serve = once(LINES + b"2\r\na\n\r\n", trickles=b"1\r\nb\r\n")
    async with core_that(serve) as core, client_to(core.port, CORE_TIMEOUT_SECONDS="0.3") as client:
        stream = await client.open("/v1/batch", b"{}")
        with pytest.raises(CoreTimeoutError):
            async for _ in stream.pieces():
                pass
        await stream.close()


async def test_a_redirect_is_not_followed():
    serve = once(b"HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n")
    async with core_that(serve) as core, transport_to(core.port) as transport:
        answer = await transport.ask("GET", "/", HEADERS, None)
        assert answer.status == 302
        await answer.close()
        assert core.connections == 1
