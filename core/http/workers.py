"""Threads that compute while the event loop serves, and the queue in front of them.

The queue is fair by cost: each request is a flow of self-clocked fair queueing (Golestani, 1994),
so a cheap request overtakes dear ones that were there before it. One thread never takes dear work.
"""

import asyncio
import heapq
import itertools
import math
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from serving.errors import unavailable

SWITCH_SECONDS = 0.0002
"""How long a computing thread may keep the interpreter while the event loop waits for it."""

DEAR = 10.0
"""Cost, in milliseconds, from which on a part counts as dear."""

SMOOTHING = 0.1
"""Weight of the newest part in the average duration of parts."""

LONGEST_WAIT_SECONDS = 60

T = TypeVar("T")


@dataclass(slots=True)
class Flow:
    """The parts of one request; `tag` is the virtual time at which the last of them ends.

    A flow with a `total` cost yields to cheaper requests only: its caller needs the last part, so
    that of two equal ones the first is completed first.
    """

    total: float = 0.0
    tag: float = 0.0
    end: float = 0.0
    number: int = 0
    """Given on admission, in order."""


@dataclass(order=True, slots=True)
class _Part:
    end: float
    number: int
    start: float = field(compare=False)
    cost: float = field(compare=False)
    function: Callable[[], Any] = field(compare=False)
    result: asyncio.Future[Any] = field(compare=False)


class Workers:
    """Runs computations in `threads` threads; at most `places` are running or waiting.

    Belongs to one event loop; the functions it runs must be thread-safe.
    """

    def __init__(self, *, threads: int, places: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="kernel")
        self._threads = threads
        self._free = threads
        self._free_for_dear = max(1, threads - 1)
        self._cheap: list[_Part] = []
        self._dear: list[_Part] = []
        self._numbers = itertools.count(1)
        self._virtual = 0.0
        self._part_seconds = 0.0
        self.places = places
        self.held = 0
        sys.setswitchinterval(SWITCH_SECONDS)

    def close(self) -> None:
        """End the threads; what waits is dropped."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    @property
    def waiting(self) -> int:
        """Computations that no thread has begun."""
        return self.held - (self._threads - self._free)

    @property
    def retry_after(self) -> int:
        """Seconds until what is here now will be done, as far as the last parts tell."""
        wait = self.held * self._part_seconds / self._threads
        return min(LONGEST_WAIT_SECONDS, max(1, math.ceil(wait)))

    async def run(self, function: Callable[[], T], cost: float, flow: Flow | None = None) -> T:
        """Result of `function`, which takes about `cost` milliseconds.

        Further parts of the same `flow` are never refused, but wait for their turn: the longer, the
        more those before have taken beyond their cost. When the caller is cancelled, a waiting
        computation is dropped; a running one goes on to its end and keeps its place until then.
        Raises ApiError 503 when every place is taken.
        """
        flow = flow or Flow()
        if not flow.number and self.held >= self.places:
            message = "Too many texts are waiting; try again later."
            raise unavailable("busy", message, retry_after=self.retry_after)
        start = max(flow.tag, self._virtual)
        flow.tag = start + cost
        if not flow.number:
            flow.number = next(self._numbers)
            flow.end = start + flow.total if flow.total else 0.0

        def timed() -> T:
            began = time.thread_time()
            try:
                return function()
            finally:
                if not flow.total:  # what it takes beyond its cost is charged
                    flow.tag += max(0.0, (time.thread_time() - began) * 1000 - cost)

        result: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        part = _Part(flow.end or flow.tag, flow.number, start, cost, timed, result)
        self.held += 1
        lane = self._dear if cost >= DEAR else self._cheap
        heapq.heappush(lane, part)
        self._start()
        try:
            return await result
        finally:
            if part in lane:  # the caller was cancelled
                lane.remove(part)
                heapq.heapify(lane)
                self.held -= 1

    def _start(self) -> None:
        """Give free threads to the waiting parts with the earliest end."""
        while self._free:
            lanes = [self._cheap] if self._cheap else []
            if self._dear and self._free_for_dear:
                lanes.append(self._dear)
            if not lanes:
                return
            part = heapq.heappop(min(lanes, key=lambda lane: lane[0]))
            self._free -= 1
            self._free_for_dear -= part.cost >= DEAR
            began = time.perf_counter()
            future = self._executor.submit(part.function)
            future.add_done_callback(partial(self._computed, part, began))

    def _computed(self, part: _Part, began: float, future: Future[Any]) -> None:
        """Runs in the thread that has computed."""
        with suppress(RuntimeError):  # the loop has ended before the computation
            part.result.get_loop().call_soon_threadsafe(self._finish, part, future, began)

    def _finish(self, part: _Part, future: Future[Any], began: float) -> None:
        self._free += 1
        self._free_for_dear += part.cost >= DEAR
        # Virtual time passes at the rate at which each of the waiting flows would be served.
        self._virtual = max(self._virtual, part.start) + part.cost / self.held
        self.held -= 1
        seconds = time.perf_counter() - began
        self._part_seconds += SMOOTHING * (seconds - self._part_seconds)
        if not part.result.cancelled():
            error = future.exception()
            if error:
                part.result.set_exception(error)
            else:
                part.result.set_result(future.result())
        # After the caller has gone on: its next part may be the one whose turn it is.
        part.result.get_loop().call_soon(self._start)
