"""Constant load through the ingress, and what came of it. A request is asked once: no retries."""

import http
import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.e2e.staging.stage import LOAD_KEYS, Stage

ASKERS = 2
"""Threads for each kind of request."""
PAUSE_SECONDS = 0.1
SIGNAL = {"text": "The board cut its forecast and expects a hard winter."}
FIGURES: list[str] = []
"""Lines that the test run ends with."""


@dataclass
class Answers:
    """Of one kind of request."""

    path: str
    body: object = None
    times: list[float] = field(default_factory=list)
    failures: list[tuple[int, str]] = field(default_factory=list)

    def keep_asking(self, stage: Stage, over: threading.Event) -> None:
        for key in itertools.cycle(LOAD_KEYS.values()):
            if over.wait(PAUSE_SECONDS):
                return
            began = time.monotonic()
            code, body = stage.ask(self.path, self.body, key=key)
            self.times.append(time.monotonic() - began)
            if code != http.HTTPStatus.OK:
                self.failures.append((code, body[:200]))


@contextmanager
def constant_load(stage: Stage, event: str) -> Iterator[None]:
    """Ask for /status/ and for the core's work until the block ends; nothing may fail."""
    kinds = [Answers("/status/"), Answers("/engine/kaldra/signal", SIGNAL)]
    over = threading.Event()
    askers = [
        threading.Thread(target=kind.keep_asking, args=(stage, over))
        for kind in kinds
        for _ in range(ASKERS)
    ]
    began = time.monotonic()
    for asker in askers:
        asker.start()
    try:
        yield
    finally:
        over.set()
        for asker in askers:
            asker.join()
    seconds = time.monotonic() - began
    told = "; ".join(
        f"{kind.path} {len(kind.failures)} of {len(kind.times)} failed, "
        f"slowest {max(kind.times, default=0) * 1000:.0f} ms"
        for kind in kinds
    )
    FIGURES.append(f"{event}: {seconds:.0f} s; {told}")
    assert [kind.failures for kind in kinds] == [[], []]
    assert all(len(kind.times) > seconds for kind in kinds)
