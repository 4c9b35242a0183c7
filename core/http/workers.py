"""Threads that compute while the event loop goes on serving, and a bound on what waits."""

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from serving.errors import unavailable

SWITCH_SECONDS = 0.001
"""How long a computing thread may keep the interpreter while the event loop waits for it."""

T = TypeVar("T")


class Workers:
    """Runs computations in `threads` threads; at most `places` are running or waiting."""

    def __init__(self, *, threads: int, places: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="kernel")
        self._places = threading.BoundedSemaphore(places)
        sys.setswitchinterval(SWITCH_SECONDS)

    def close(self) -> None:
        """End the threads; what waits is dropped."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def run(self, function: Callable[[], T]) -> T:
        """Result of `function`, which must be thread-safe.

        When the caller is cancelled, a waiting computation is dropped; a running one goes on to
        its end, and keeps its place until then. Raises ApiError 503 when every place is taken.
        """
        self._take()
        future = self._executor.submit(function)
        future.add_done_callback(self._free)
        return await asyncio.wrap_future(future)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold one place for a computation in several parts, each run by `part`."""
        self._take()
        try:
            yield
        finally:
            self._places.release()

    async def part(self, function: Callable[[], T]) -> T:
        """Result of one part; between two parts others get their turn."""
        return await asyncio.wrap_future(self._executor.submit(function))

    def _take(self) -> None:
        if not self._places.acquire(blocking=False):
            raise unavailable("busy", "Too many texts are waiting; try again shortly.")

    def _free(self, _future: Future[Any]) -> None:
        self._places.release()
