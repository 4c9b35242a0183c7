"""How much one caller may ask for: in a minute, and at once."""

import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus

from serving.context import CURRENT
from serving.errors import ApiError, unavailable

WINDOW_SECONDS = 60
MOST_CALLERS = 10_000
"""Windows kept at once; callers beyond them share one."""

OTHERS = "\0others"

LONGEST_WAIT_SECONDS = 10
"""Told to those who find no place."""


class RateLimit:
    """At most `limit` units of one caller within any minute; 0 disables the limit.

    A sliding window: what was taken within a second is kept as one. Counts within this process:
    with several replicas each admits its share of what arrives.
    """

    def __init__(self, unit: str, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._unit = unit
        self._limit = limit
        self._clock = clock
        self._windows: dict[str, deque[tuple[float, int]]] = {}
        self._policy = f'"{unit}";q={limit};w={WINDOW_SECONDS}'.encode()

    def take(self, caller: str, amount: int = 1) -> None:
        """Take `amount` units, and say in the answer's RateLimit headers what is left.

        Raises ApiError 429 with Retry-After in seconds, and takes nothing.
        """
        if not self._limit:
            return
        now = self._clock()
        window = self._window(caller, now)
        left = self._limit - sum(count for _, count in window)
        if amount > left:
            wait = _wait(window, amount - left, now)
            self._tell(left, wait)
            raise ApiError(
                HTTPStatus.TOO_MANY_REQUESTS,
                "rate_limit_exceeded",
                f"More than {self._limit} {self._unit} in a minute; wait {wait} s.",
                headers={"Retry-After": str(wait)},
            )
        in_second = window.pop()[1] if window and int(window[-1][0]) == int(now) else 0
        window.append((now, in_second + amount))
        self._tell(left - amount, math.ceil(window[0][0] + WINDOW_SECONDS - now))

    def _window(self, caller: str, now: float) -> deque[tuple[float, int]]:
        """What the caller took within the last minute: (time, units), oldest first."""
        start = now - WINDOW_SECONDS
        if caller not in self._windows and len(self._windows) >= MOST_CALLERS:
            self._windows = {c: w for c, w in self._windows.items() if w and w[-1][0] > start}
            if len(self._windows) >= MOST_CALLERS:
                caller = OTHERS
        window = self._windows.setdefault(caller, deque())
        while window and window[0][0] <= start:
            window.popleft()
        return window

    def _tell(self, remaining: int, reset: int) -> None:
        """Headers of draft-ietf-httpapi-ratelimit-headers."""
        context = CURRENT.get()
        if context:
            context.answer_headers += (
                (b"ratelimit-policy", self._policy),
                (b"ratelimit", b'"%b";r=%d;t=%d' % (self._unit.encode(), remaining, reset)),
            )


def _wait(window: deque[tuple[float, int]], over: int, now: float) -> int:
    """Seconds until `over` units have left the window."""
    for taken_at, count in window:
        over -= count
        if over <= 0:
            return max(1, math.ceil(taken_at + WINDOW_SECONDS - now))
    return WINDOW_SECONDS


@dataclass(slots=True)
class _Share:
    """Places held, and when the last of those refused may come again."""

    held: int = 0
    turn: float = 0.0


class Places:
    """At most `limit` requests at once, `share` of them of one caller.

    Retry-After gives the refused ones their turns, as many in a second as there are places: if all
    came again at once, refusing them would cost what serving them does.
    """

    def __init__(self, limit: int, share: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._share = share
        self._clock = clock
        self._all = _Share()
        self._by_caller: dict[str, _Share] = {}

    @property
    def held(self) -> int:
        """Places held now."""
        return self._all.held

    @property
    def crowded(self) -> bool:
        """Whether somebody may find no place."""
        return self.held >= min(self._limit, self._share)

    def check(self, caller: str) -> None:
        """Raise ApiError 429 past the caller's share, 503 where no place is free."""
        own = self._by_caller.get(caller)
        if own and own.held >= self._share:
            raise ApiError(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too_much_at_once",
                f"More than {self._share} requests at once; wait for an answer.",
                headers={"Retry-After": str(self._wait(own, self._share))},
            )
        if self.held >= self._limit:
            message = "Too many requests at once; try again shortly."
            raise unavailable("busy", message, retry_after=self._wait(self._all, self._limit))

    @contextmanager
    def hold(self, caller: str) -> Iterator[None]:
        """Hold one place. Raises as `check` does."""
        self.check(caller)
        own = self._by_caller.setdefault(caller, _Share())
        own.held += 1
        self._all.held += 1
        try:
            yield
        finally:
            own.held -= 1
            self._all.held -= 1
            if not own.held:
                del self._by_caller[caller]

    def _wait(self, share: _Share, places: int) -> int:
        """Seconds until the turn of one more who is refused."""
        now = self._clock()
        share.turn = min(max(share.turn, now) + 1 / places, now + LONGEST_WAIT_SECONDS)
        return max(1, math.ceil(round(share.turn - now, 3)))
