"""How often one caller may ask."""

import math
import time
from collections.abc import Callable
from http import HTTPStatus

from serving.errors import ApiError

WINDOW_SECONDS = 60
MOST_CALLERS = 10_000
"""Counters kept at once; callers beyond them share one."""

OTHERS = "\0others"


class RateLimit:
    """At most `limit` requests of one caller in each window of a minute; 0 is no limit.

    Counts within this process: with several replicas each admits its share of what arrives.
    """

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._window = -1
        self._taken: dict[str, int] = {}

    def take(self, caller: str) -> None:
        """Count one request of `caller`.

        Raises ApiError 429 with Retry-After in seconds.
        """
        if not self._limit:
            return
        now = self._clock()
        window = int(now // WINDOW_SECONDS)
        if window != self._window:
            self._window = window
            self._taken.clear()
        if caller not in self._taken and len(self._taken) >= MOST_CALLERS:
            caller = OTHERS
        taken = self._taken.get(caller, 0) + 1
        if taken > self._limit:
            wait = max(1, math.ceil((window + 1) * WINDOW_SECONDS - now))
            raise ApiError(
                HTTPStatus.TOO_MANY_REQUESTS,
                "rate_limit_exceeded",
                f"More than {self._limit} requests in a minute; wait {wait} s.",
                headers={"Retry-After": str(wait)},
            )
        self._taken[caller] = taken
