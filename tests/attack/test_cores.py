"""Row 13: requests that the end of the gateway cuts off."""

import asyncio
import contextlib
import json
import signal

import pytest

from bench import attacks
from tests.fakes.peers import Peer, core_that
from tests.processes import gateway

pytestmark = pytest.mark.anyio

SIGNAL = attacks.request(attacks.SIGNAL, attacks.CHEAP)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGHUP])
async def test_a_request_that_is_cut_off_may_come_again(end: signal.Signals):
    bounds = {"KALDRA_DRAIN_SECONDS": "1", "KALDRA_SHUTDOWN_SECONDS": "8"}
    asked = asyncio.Event()

    async def serve(peer: Peer) -> None:
        await peer.request()
        asked.set()
        await peer.left()

    async with core_that(serve) as core:
        with gateway(f"http://127.0.0.1:{core.port}", **bounds) as api:
            waiting = asyncio.create_task(attacks.ask(api.port, SIGNAL))
            await asked.wait()
            api.process.send_signal(end)
            answer = await waiting
            assert await asyncio.to_thread(api.process.wait) == 0
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) >= 1
    assert json.loads(answer.body)["error"]["code"] == "shutting_down"


async def test_an_upload_that_never_ends_does_not_hold_up_the_end():
    bounds = {"KALDRA_DRAIN_SECONDS": "0", "KALDRA_SHUTDOWN_SECONDS": "6"}
    with gateway("http://127.0.0.1:1", **bounds) as api:
        _, writer = await attacks.connect(api.port)
        writer.write(SIGNAL[:-1])
        await writer.drain()
        await asyncio.sleep(0.5)
        api.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(api.process.wait) == 0
        with contextlib.suppress(ConnectionError):
            writer.close()
