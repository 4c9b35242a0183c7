"""The way to the core over real sockets: what it sends, keeps, retries and gives up."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import aclosing, asynccontextmanager

import aiohttp
import pytest

from app import core_client
from app.core_client import CoreClient
from app.settings import Settings
from serving.bodies import Bodies, Body
from serving.errors import ApiError
from serving.metrics import Metrics
from tests.fakes.peers import Core, Peer, Serve, core_that

PATIENCE_SECONDS = 20
pytestmark = [pytest.mark.anyio, pytest.mark.timeout(PATIENCE_SECONDS)]
OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
NINE = OK.replace(b": 2", b": 9").removesuffix(b"}")
LINES = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n"
)
ONE_LINE = LINES + b"2\r\na\n\r\n"
SLOW, AWAY = (504, "core_timeout"), (503, "core_unavailable")
IN_A_MOMENT = "0.1"


@asynccontextmanager
async def core_and_client(
    serve: Serve, seconds: str = str(PATIENCE_SECONDS)
) -> AsyncIterator[tuple[Core, CoreClient]]:
    async with core_that(serve) as core:
        url = f"http://127.0.0.1:{core.port}"
        client = client_to(url, seconds)
        yield core, client
        await client.close()


def client_to(url: str, seconds: str = str(PATIENCE_SECONDS)) -> CoreClient:
    limits = {"CORE_TIMEOUT_SECONDS": seconds, "KALDRA_CONCURRENCY": "1"}
    return CoreClient(Settings.load({"CORE_SERVICE_URL": url, **limits}), Metrics("test", "1"))


async def posted(client: CoreClient, body: bytes = b"{}") -> bytes:
    return await client.read("POST", "/v1/signal?a=b", bytearray(body))


async def fault_of(asking: Awaitable[bytes]) -> tuple[int, str]:
    with pytest.raises(ApiError) as raised:
        await asking
    return raised.value.status_code, raised.value.code


def lines_of(client: CoreClient, size: int = 2):
    body = Body(Bodies(largest=1, budget=1), "")
    body.content = bytearray(size)
    return aclosing(client.lines("/v1/batch", body))


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


@pytest.mark.parametrize("body", [b'{"text": "x"}', bytes(range(256)) * (8 << 12)])
async def test_a_request_is_what_was_asked_and_no_more(body: bytes):
    seen: list[tuple[bytes, bytes]] = []

    async def serve(peer: Peer) -> None:
        seen.append(await peer.request())
        await peer.say(OK)

    async with core_and_client(serve) as (core, client):
        assert await posted(client, body) == b"{}"
    ((head, received),) = seen
    lines = head.decode().rstrip().split("\r\n")
    assert lines[0] == "POST /v1/signal?a=b HTTP/1.1"
    assert {line.lower() for line in lines[1:]} == {
        f"host: 127.0.0.1:{core.port}",
        "content-type: application/json",
        f"content-length: {len(body)}",
    }
    assert received == body


async def test_connections_are_kept_and_no_more_than_allowed(monkeypatch):
    monkeypatch.setattr(core_client, "OPEN_CONNECTIONS", 1)
    async with core_and_client(always_ok) as (core, client):
        assert await asyncio.gather(*(posted(client) for _ in range(8))) == [b"{}"] * 8
        assert core.connections == 2


async def test_an_idle_connection_is_given_up_in_time(monkeypatch):
    monkeypatch.setattr(core_client, "IDLE_SECONDS", 0.05)
    async with core_and_client(always_ok) as (core, client):
        for _ in range(2):
            await posted(client)
            await asyncio.sleep(0.1)
        assert core.connections == 2


async def test_lines_come_as_they_are_sent():
    received = asyncio.Event()

    async def serve(peer: Peer) -> None:
        await peer.request()
        await peer.say(ONE_LINE)
        await received.wait()
        await peer.say(b"2\r\nb\n\r\n0\r\n\r\n")

    async with core_and_client(serve) as (_, client), lines_of(client) as lines:
        pieces = []
        async for piece in lines:
            pieces.append(piece)
            if piece:
                received.set()
        assert pieces == [b"", b"a\n", b"b\n"]


@pytest.mark.parametrize(
    ("start", "trickles"),
    [
        (ONE_LINE, b""),
        (LINES.replace(b"transfer-encoding: chunked", b"content-length: 9") + b"a\n", b""),
        (ONE_LINE, b"1\r\nb\r\n"),
    ],
)
async def test_lines_that_break_off_or_trickle_end_with_an_error(start: bytes, trickles: bytes):
    serve = once(start, trickles=trickles)
    async with core_and_client(serve, "0.3") as (_, client), lines_of(client) as lines:
        first, *_, last = b"".join([piece async for piece in lines]).splitlines()
    assert first == b"a"
    assert last.startswith(b'{"error":{"code":"core_unavailable"')


async def test_an_answer_given_up_closes_its_connection():
    gone: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    async def serve(peer: Peer) -> None:
        await peer.request()
        await peer.say(ONE_LINE)
        gone.set_result(await peer.left())

    async with core_and_client(serve) as (_, client):
        async with lines_of(client) as lines:
            await anext(lines)
        assert await gone


@pytest.mark.parametrize(
    ("start", "trickles"),
    [
        (b"", b""),
        (NINE, b""),
        (NINE.replace(b": 9", b": 99"), b" "),
        (b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 3, b" "),
    ],
)
async def test_an_answer_that_is_late_or_trickles(start: bytes, trickles: bytes):
    serve = once(start, stays=True, trickles=trickles)
    async with core_and_client(serve, IN_A_MOMENT) as (_, client):
        assert await fault_of(posted(client)) == SLOW


async def test_a_core_that_takes_no_bytes_is_slow(monkeypatch):
    monkeypatch.setattr(core_client, "CONNECT_SECONDS", 0.1)

    async def serve(_peer: Peer) -> None:
        await asyncio.sleep(PATIENCE_SECONDS)

    async with (
        core_and_client(serve, IN_A_MOMENT) as (_, client),
        lines_of(client, 32 << 20) as lines,
    ):
        assert await fault_of(anext(lines)) == SLOW


async def test_a_pool_that_stays_full_is_no_slow_core(monkeypatch):
    monkeypatch.setattr(core_client, "OPEN_CONNECTIONS", 0)
    serve = once(LINES, stays=True)
    async with core_and_client(serve, IN_A_MOMENT) as (_, client), lines_of(client) as held:
        await anext(held)
        async with lines_of(client) as lines:
            assert await fault_of(anext(lines)) == AWAY


@pytest.mark.parametrize("seconds", [0.0, 5.0])
async def test_a_name_that_is_not_found(monkeypatch, seconds: float):
    async def slow(*_arguments, **_named):
        await asyncio.sleep(seconds)
        raise OSError("no such name")

    monkeypatch.setattr(aiohttp.ThreadedResolver, "resolve", slow)
    monkeypatch.setattr(core_client, "CONNECT_SECONDS", 0.2)
    client = client_to("http://kaldra-core:9000")
    async with asyncio.timeout(4):
        assert await fault_of(posted(client)) == AWAY
    await client.close()


@pytest.mark.parametrize("fault", [b"", b"HTTP/1.1 200 OK\r\nconte", NINE, b"nonsense\r\n\r\n"])
async def test_a_request_whose_connection_breaks_is_not_sent_again(fault: bytes):
    async with core_and_client(once(fault)) as (core, client):
        assert await fault_of(posted(client)) == AWAY
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
    async with core_and_client(always_ok) as (_, client):
        assert await posted(client) == b"{}"


async def test_a_redirect_is_not_followed():
    serve = once(b"HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n")
    async with core_and_client(serve) as (core, client):
        assert await fault_of(posted(client)) == (502, "core_failed")
        assert core.connections == 1
