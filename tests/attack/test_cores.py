"""Rows 7, 10, 11, 12 and 13: a core that breaks, trickles or is something else, and the end."""

import asyncio
import contextlib
import json
import signal

import pytest

from bench import attacks
from tests.app.peers import Peer, Serve, core_that
from tests.attack.conftest import gateway

OK = b"HTTP/1.1 200 OK\r\n"
PAGE = OK + b"content-type: text/html\r\ncontent-length: 16\r\n\r\n<p>It works!</p>"
OTHER = OK + b"content-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
SIGNAL = attacks.request(attacks.SIGNAL, attacks.CHEAP)


async def _asked(serve: Serve, *data: bytes, **environment: str):
    """Answers of a gateway to such a core, the number of that core's connections, and the log."""
    async with core_that(serve) as core:
        with gateway(core.port, **environment) as api:
            answers = [await attacks.ask(api.port, one) for one in data]
            api.process.send_signal(signal.SIGTERM)
            log, _ = await asyncio.to_thread(api.process.communicate)
            assert api.process.returncode == 0
    return answers, core.connections, log


def test_what_breaks_a_core_is_not_handed_to_the_next():
    async def serve(peer: Peer) -> None:
        await peer.request()

    (answer,), connections, log = asyncio.run(_asked(serve, SIGNAL))
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) >= 1
    assert connections == 1
    assert '"cause": "broken"' in log


def test_a_core_that_trickles_is_given_up():
    async def serve(peer: Peer) -> None:
        await peer.request()
        await peer.say(OTHER.replace(b": 2", b": 900"))
        while not peer.gone():
            await peer.say(b" ")
            await asyncio.sleep(0.2)

    (answer,), _, log = asyncio.run(_asked(serve, SIGNAL, CORE_TIMEOUT_SECONDS="1"))
    assert answer.status == 504
    assert '"cause": "slow"' in log


@pytest.mark.parametrize("page", [PAGE, OTHER])
def test_something_else_is_not_taken_for_a_core(page: bytes):
    async def serve(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.say(page)

    asked = map(attacks.request, ("/", "/status/core", "/page/vocabulary"))
    answers, _, log = asyncio.run(_asked(serve, *asked))
    assert [answer.status for answer in answers][:2] == [200, 503]
    assert answers[2].status in {200, 502}
    assert '"cause": "not_a_core"' in log


def test_a_page_is_not_passed_on_as_a_signal():
    async def serve(peer: Peer) -> None:
        await peer.request()
        await peer.say(PAGE)

    (answer,), _, log = asyncio.run(_asked(serve, SIGNAL))
    assert answer.status == 502
    assert '"cause": "not_a_core"' in log


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGHUP])
def test_a_request_that_is_cut_off_may_come_again(end: signal.Signals):
    bounds = {"KALDRA_DRAIN_SECONDS": "1", "KALDRA_SHUTDOWN_SECONDS": "8"}

    async def attack() -> None:
        asked = asyncio.Event()

        async def serve(peer: Peer) -> None:
            await peer.request()
            asked.set()
            await peer.left()

        async with core_that(serve) as core:
            with gateway(core.port, **bounds) as api:
                waiting = asyncio.create_task(attacks.ask(api.port, SIGNAL))
                await asked.wait()
                api.process.send_signal(end)
                answer = await waiting
                assert await asyncio.to_thread(api.process.wait) == 0
        assert answer.status == 503
        assert int(answer.headers["retry-after"]) >= 1
        assert json.loads(answer.body)["error"]["code"] == "shutting_down"

    asyncio.run(attack())


def test_an_upload_that_never_ends_does_not_hold_up_the_end():
    bounds = {"KALDRA_DRAIN_SECONDS": "0", "KALDRA_SHUTDOWN_SECONDS": "6"}

    async def attack() -> None:
        with gateway(1, **bounds) as api:
            _, writer = await attacks.connect(api.port)
            writer.write(SIGNAL[:-1])
            await writer.drain()
            await asyncio.sleep(0.5)
            api.process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(api.process.wait) == 0
            with contextlib.suppress(ConnectionError):
                writer.close()

    asyncio.run(attack())
