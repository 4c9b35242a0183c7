import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from core.http.workers import DEAR, Flow, Workers
from serving.errors import ApiError

pytestmark = pytest.mark.anyio
CHEAP = 0.5


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


async def occupied(workers: Workers) -> tuple[Gate, asyncio.Future[str]]:
    """A computation that has begun, and its result."""
    gate = Gate()
    computing = asyncio.ensure_future(workers.run(gate, CHEAP))
    await begun(gate)
    return gate, computing


async def test_what_finds_no_place_is_refused_at_once(workers: Workers):
    gate = Gate()
    taken = [asyncio.ensure_future(workers.run(gate, CHEAP)) for _ in range(2)]
    await begun(gate)
    with pytest.raises(ApiError) as caught:
        await workers.run(gate, CHEAP)
    assert caught.value.status_code == 503
    assert caught.value.headers == {"Retry-After": "1"}
    gate.open.set()
    assert await asyncio.gather(*taken) == ["computed", "computed"]
    assert await workers.run(lambda: "again", CHEAP) == "again"


async def test_the_parts_of_an_admitted_flow_are_not_refused(workers: Workers):
    flow, gate = Flow(), Gate()
    assert await workers.run(lambda: "first", CHEAP, flow) == "first"
    taken = [asyncio.ensure_future(workers.run(gate, CHEAP)) for _ in range(2)]
    await begun(gate)
    part = asyncio.ensure_future(workers.run(lambda: "second", CHEAP, flow))
    gate.open.set()
    assert await part == "second"
    await asyncio.gather(*taken)


async def test_what_waits_is_dropped_with_its_caller(workers: Workers):
    gate, computing = await occupied(workers)
    never = Gate()
    waiting = asyncio.ensure_future(workers.run(never, CHEAP))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait((waiting,))
    assert (workers.held, workers.waiting) == (1, 0)
    gate.open.set()
    await computing
    assert await workers.run(lambda: "next", CHEAP) == "next"
    assert not never.running.is_set()


async def test_what_runs_keeps_its_place_when_its_caller_leaves(workers: Workers):
    gate, computing = await occupied(workers)
    computing.cancel()
    await asyncio.wait((computing,))
    assert workers.held == 1
    gate.open.set()
    assert await workers.run(lambda: "next", CHEAP) == "next"
    assert workers.held == 0


async def test_a_fault_frees_its_place(workers: Workers):
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            await workers.run(lambda: 1 // 0, CHEAP)


class Queue:
    """Answers in parts that wait for one thread, and the names of the parts that are done."""

    def __init__(self) -> None:
        self.workers = Workers(threads=1, places=100)
        self.answers: list[asyncio.Future[None]] = []
        self.done: list[str] = []

    def put(self, name: str, parts: int, cost: float, *, total: float = 0, ms: float = 0) -> None:
        flow = Flow(total)

        def part() -> None:
            end = time.thread_time() + ms / 1000
            while time.thread_time() < end:
                pass
            self.done.append(name)

        async def answer() -> None:
            for _ in range(parts):
                await self.workers.run(part, cost, flow)

        self.answers.append(asyncio.ensure_future(answer()))


@asynccontextmanager
async def queued() -> AsyncIterator[Queue]:
    """The thread is held while answers are put into the queue; they are complete afterwards."""
    queue, gate = Queue(), Gate()
    held = asyncio.ensure_future(queue.workers.run(gate, CHEAP))
    await begun(gate)
    yield queue
    await asyncio.sleep(0)
    gate.open.set()
    await asyncio.gather(held, *queue.answers)
    queue.workers.close()


async def test_cheap_work_overtakes_dear_work():
    async with queued() as queue:
        for name in ("a", "b"):
            queue.put(name, 3, DEAR)
        for _ in range(3):
            queue.put("cheap", 1, CHEAP)
    assert queue.done == ["cheap", "cheap", "cheap", "a", "b", "a", "b", "a", "b"]


async def test_of_two_answers_in_parts_the_first_is_completed_first_unless_the_other_is_cheaper():
    async with queued() as queue:
        for name, parts in (("a", 3), ("b", 3), ("c", 1)):
            queue.put(name, parts, DEAR, total=parts * DEAR)
    assert queue.done == ["c", *"aaa", *"bbb"]


async def test_parts_that_take_more_than_their_cost_wait_the_longer():
    async with queued() as queue:
        queue.put("long", 3, CHEAP, ms=20 * CHEAP)
        queue.put("short", 3, CHEAP)
    assert queue.done == ["long", "short", "short", "short", "long", "long"]


async def test_dear_work_is_not_starved_by_cheap_work():
    workers = Workers(threads=1, places=100)
    ended = asyncio.Event()

    async def dear() -> None:
        flow = Flow()
        for _ in range(2):
            await workers.run(lambda: None, DEAR, flow)
        ended.set()

    async def cheap() -> None:
        while not ended.is_set():
            await workers.run(lambda: None, CHEAP)

    async with asyncio.timeout(30):
        await asyncio.gather(dear(), *(cheap() for _ in range(8)))
    workers.close()


async def test_one_thread_takes_no_dear_work():
    workers = Workers(threads=2, places=100)
    gate, never = Gate(), Gate()
    dear = [asyncio.ensure_future(workers.run(g, DEAR)) for g in (gate, never)]
    await begun(gate)
    assert await workers.run(lambda: "cheap", CHEAP) == "cheap"
    assert not never.running.is_set()
    gate.open.set()
    never.open.set()
    await asyncio.gather(*dear)
    workers.close()
