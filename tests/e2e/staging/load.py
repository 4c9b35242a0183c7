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


@dataclass
class Answers:
    """Of one kind of request."""

    path: str
    body: object = None
    asked: int = 0
    failures: list[tuple[int, str]] = field(default_factory=list)

    def keep_asking(self, stage: Stage, over: threading.Event) -> None:
        for key in itertools.cycle(LOAD_KEYS.values()):
            if over.wait(PAUSE_SECONDS):
                return
            code, body = stage.ask(self.path, self.body, key=key)
            self.asked += 1
            if code != http.HTTPStatus.OK:
                self.failures.append((code, body[:200]))


@contextmanager
def constant_load(stage: Stage) -> Iterator[None]:
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
    assert [kind.failures for kind in kinds] == [[], []]
    assert all(kind.asked > seconds for kind in kinds)
