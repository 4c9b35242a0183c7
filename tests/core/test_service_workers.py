import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from core.http.workers import Workers
from serving.errors import ApiError

pytestmark = pytest.mark.anyio


class Gate:
    """A computation that runs until it is let go."""

    def __init__(self) -> None:
        self.running = threading.Event()
        self.open = threading.Event()

    def __call__(self) -> str:
        self.running.set()
        self.open.wait()
        return "computed"


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    workers = Workers(threads=1, places=2)
    yield workers
    workers.close()


async def begun(gate: Gate) -> None:
    await asyncio.to_thread(gate.running.wait)


async def test_the_event_loop_goes_on_while_a_thread_computes(workers: Workers):
    gate = Gate()
    computing = asyncio.ensure_future(workers.run(gate))
    await begun(gate)
    gate.open.set()
    assert await computing == "computed"


async def test_what_finds_no_place_is_refused_at_once(workers: Workers):
    gate = Gate()
    taken = [asyncio.ensure_future(workers.run(gate)) for _ in range(2)]
    await begun(gate)
    with pytest.raises(ApiError) as caught:
        await workers.run(gate)
    assert caught.value.status_code == 503
    assert caught.value.headers == {"Retry-After": "1"}
    gate.open.set()
    assert await asyncio.gather(*taken) == ["computed", "computed"]
    assert await workers.run(lambda: "again") == "again"


async def test_what_waits_is_dropped_with_its_caller(workers: Workers):
    gate, never = Gate(), Gate()
    computing = asyncio.ensure_future(workers.run(gate))
    await begun(gate)
    waiting = asyncio.ensure_future(workers.run(never))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait((waiting,))
    with workers.place():
        gate.open.set()
        await computing
    assert await workers.part(lambda: "next") == "next"
    assert not never.running.is_set()


async def test_a_fault_frees_its_place(workers: Workers):
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            await workers.run(lambda: 1 // 0)
