"""Supervised processes that start and stop together, for services without containers."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from kaldra.cli import live
from kaldra.cli.ui import Console
from kaldra.errors import KaldraError
from kaldra.paths import REPO

TICK_SECONDS = 0.05
REAP_SECONDS = 2
"""For a process whose connection has ended."""
GRACE_SECONDS = 30
"""Grace period for running requests; longer than the services' own."""


@dataclass
class Program:
    """A command, its source folders, and its process while it runs."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    receiver: Sequence[str] = ()
    """Takes requests to reload changed code; without, changes are not looked for."""
    folders: Sequence[Path] = ()
    process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)
    session: live.Session | None = field(default=None, init=False)


class Supervisor:
    """Starts programs, ends them all when one ends or a signal comes; has changed code reloaded."""

    def __init__(self, programs: Sequence[Program], console: Console) -> None:
        self._all = programs
        self._console = console
        self._signals = 0

    def run(self, tick: Callable[[], None]) -> None:
        """Return when a signal has stopped everything; `tick` is called periodically.

        Raises KaldraError if a program exits by itself, after the others were stopped.
        """
        with self._listening():
            try:
                changes = self._changes()
                next(changes)  # from here on none is missed
                for one in self._all:
                    self._start(one)
                for changed in changes:
                    if self._signals:
                        break
                    self._watch()
                    if changed:
                        self._reload(changed)
                    tick()
            finally:
                self._end()

    def _changes(self) -> Iterator[Sequence[Path]]:
        """Changed files, many times a second; mostly none."""
        folders = {folder for one in self._all for folder in one.folders}
        if folders:
            yield from live.changes(folders, TICK_SECONDS)
        while True:
            time.sleep(TICK_SECONDS)
            yield []

    def _start(self, one: Program) -> None:
        # A session of its own: a terminal's Ctrl+C reaches this process alone, which passes it on.
        environment = {**os.environ, **one.environment}
        one.process = subprocess.Popen(  # noqa: S603  our own services
            one.command, cwd=REPO, env=environment, stdin=subprocess.DEVNULL, start_new_session=True
        )
        if one.receiver:
            one.session = live.Session(one.receiver, environment)

    def _watch(self) -> None:
        for one in self._all:
            code = one.process.poll() if one.process else None
            if code is None:
                continue
            name = one.name
            how = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
            one.process = None
            if one.session:
                one.session.close()
                self._console.warn(f"{name} exited ({how}); it is restarted when a file changes.")
                continue
            others = [other.name for other in self._all if other.process]
            also = f"; {' and '.join(others)} was stopped" if others else ""
            raise KaldraError(f"{name} exited ({how}){also}.", hint="See its log lines above.")

    def _reload(self, changed: Sequence[Path]) -> None:
        for one in self._all:
            ours = [p for p in changed if any(p.is_relative_to(f) for f in one.folders)]
            if not ours:
                continue
            if one.process is None:
                self._start(one)
                continue
            began, paths = time.monotonic(), live.relative(ours)
            assert one.session is not None  # noqa: S101  folders come with a receiver
            try:
                answer = one.session.request(reload=paths)
            except live.EndedError as error:
                try:
                    one.process.wait(REAP_SECONDS)
                except subprocess.TimeoutExpired:
                    name = one.name
                    raise KaldraError(f"{name} runs, but cannot be reloaded: {error}.") from None
                continue  # as the next look at the process tells
            live.tell(self._console, one.name, paths, began, answer)

    def _end(self) -> None:
        """Terminate the processes, again on each further signal; kill them after the deadline."""
        alive = [one.process for one in self._all if one.process]
        heeded, deadline = -1, time.monotonic() + GRACE_SECONDS
        while any(process.poll() is None for process in alive):
            if self._signals > heeded:
                heeded = self._signals
                for process in alive:
                    process.terminate()
            if time.monotonic() > deadline:
                for process in alive:
                    process.kill()
            time.sleep(TICK_SECONDS)
        for one in self._all:
            if one.session:
                one.session.close()

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Count signals instead of exiting."""

        def count(*_: object) -> None:
            self._signals += 1

        handled = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        ignored = signal.SIG_IGN  # as SIGHUP is under nohup
        before = {
            number: signal.signal(number, count)
            for number in handled
            if signal.getsignal(number) is not ignored
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
