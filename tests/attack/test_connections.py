"""Row 5: callers without a key who send heads and bodies without end, or nothing at all."""

import asyncio
from collections.abc import Awaitable

import pytest

from bench import attacks
from tests.attack.conftest import KEYS, others_served
from tests.processes import Service, gateway

pytestmark = pytest.mark.anyio

MIB = 1 << 20
HEAD = b"GET /status/ HTTP/1.1\r\nhost: localhost\r\n"
SLOW = 40
PATIENCE_SECONDS = 60


async def test_a_head_of_megabytes_is_refused(port: int):
    def head(*headers: bytes) -> bytes:
        return HEAD + b"\r\n".join(headers) + b"\r\n\r\n"

    one, many = head(b"x: " + b"y" * 40 * MIB), head(*[b"x: " + b"y" * 20] * (20 * MIB // 25))
    inside, outside = head(b"x: " + b"y" * 30_000), head(b"x: " + b"y" * 34_000)
    crowded = head(*[b"x:"] * 200)
    async with others_served(port):
        large = await asyncio.gather(*(attacks.ask(port, d) for d in [one, *[many] * 20]))
        assert {answer.status for answer in large} <= {0, 431}
        assert (await attacks.ask(port, inside)).status == 200
        refused = await attacks.ask(port, outside)
        assert (await attacks.ask(port, crowded)).status == 431
    assert refused.status == 431
    assert refused.headers["x-request-id"]
    assert b'"head_too_large"' in refused.body


async def test_trailers_and_framing_without_end_are_refused(port: int):
    post = (
        b"POST /engine/kaldra/signal HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n"
    )
    key = f"x-api-key: {KEYS['attacker']}\r\ncontent-type: application/json\r\n\r\n".encode()
    trailer = post + key + b"2\r\n{}\r\n0\r\nx: " + b"y" * 10 * MIB
    assert (await attacks.ask(port, trailer)).status in {0, 400, 422}


async def test_trailers_without_end_after_an_answer_are_refused(port: int):
    post = b"POST /status/ HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n"
    body = b"%x\r\n%b\r\n0\r\n" % (20 * MIB, b"y" * 20 * MIB)

    async def send(writer: asyncio.StreamWriter) -> None:
        for data in (body, b"a:\r\n" * 10 * MIB):
            writer.write(data)
            await writer.drain()

    async with others_served(port):
        reader, writer = await attacks.connect(port)
        writer.write(post)
        assert (await attacks.answer(reader)).status == 405
        with pytest.raises(ConnectionError):
            await send(writer)
        writer.transport.abort()


async def test_slow_heads_and_bodies_are_given_up(port: int):
    body = attacks.request(attacks.SIGNAL, attacks.CHEAP, key=KEYS["attacker"])

    async def trickle(data: bytes, trickled: bytes) -> attacks.Answer:
        reader, writer = await attacks.connect(port)
        writer.write(data)

        async def feed() -> None:
            for byte in trickled:
                writer.write(bytes([byte]))
                await asyncio.sleep(1)

        feeding = asyncio.create_task(feed())
        try:
            return await attacks.answer(reader)
        finally:
            feeding.cancel()
            writer.transport.abort()

    slow: list[Awaitable[attacks.Answer]] = [
        trickle(data, trickled)
        for data, trickled in ([(HEAD, b"x: " + b"y" * 90), (body[:-90], body[-90:])] * (SLOW // 2))
    ]
    async with others_served(port):
        async with asyncio.timeout(PATIENCE_SECONDS):
            found = await asyncio.gather(*slow)
    assert {answer.status for answer in found} == {408}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"POST /status/ HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n",
        b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nhost: localhost\r\n\r\n" * 12,
    ],
    ids=["idle", "answered before their body", "unread"],
)
async def test_connections_that_wait_for_their_client_make_room(core: Service, data: bytes):
    with gateway(core.url, KALDRA_MAX_CONNECTIONS="48") as api:
        open_ = [await attacks.connect(api.port, receive_buffer=4096) for _ in range(200)]
        for _, writer in open_:
            writer.write(data)
        await asyncio.sleep(1)  # until each answer waits for its reader
        async with others_served(api.port, ""):
            await asyncio.sleep(2)
        for _, writer in open_:
            writer.transport.abort()
        assert api.process.poll() is None
        api.process.terminate()
        log, _ = api.process.communicate()
    assert '"reason":"evicted"' in log


async def test_a_client_who_leaves_takes_all_its_requests_along(core: Service):
    batch = attacks.request(attacks.BATCH, attacks.many_texts())
    with gateway(core.url) as api:
        reader, writer = await attacks.connect(api.port)
        writer.write(batch + attacks.request("/status/"))
        await reader.read(1)
        writer.transport.abort()
        await asyncio.sleep(1)
        api.process.terminate()
        log, _ = api.process.communicate()
    assert "Traceback" not in log
