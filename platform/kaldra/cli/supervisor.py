"""Supervised processes that start and stop together, for services without containers."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
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

    def start(self) -> None:
        """Start the process, and open its receiver."""
        # A session of its own: a terminal's Ctrl+C reaches this process alone, which passes it on.
        environment = {**os.environ, **self.environment}
        self.process = subprocess.Popen(  # noqa: S603  our own services
            self.command,
            cwd=REPO,
            env=environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        if self.receiver:
            self.session = live.Session(self.receiver, environment)


class Supervisor:
    """Starts programs, ends them all when one ends or a signal comes; has changed code reloaded."""

    def __init__(self, programs: Sequence[Program], console: Console) -> None:
        self._all = programs
        self._console = console
        self._signals = 0

    def run(self, meanwhile: Iterator[None]) -> None:
        """Return when a signal has stopped everything; `meanwhile` goes on many times a second.

        Raises KaldraError if a program exits by itself, after the others were stopped.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as SIGHUP is under nohup
                signal.signal(number, self._count)
        try:
            folders = {folder for one in self._all for folder in one.folders}
            changes = live.changes(folders, TICK_SECONDS)
            next(changes)  # from here on none is missed
            for one in self._all:
                one.start()
            for changed in changes:
                if self._signals:
                    break
                for one in self._all:
                    self._look(one)
                    self._reload(one, changed)
                next(meanwhile, None)
        finally:
            self._end()

    def _count(self, *_: object) -> None:
        self._signals += 1

    def _look(self, one: Program) -> None:
        """Notice the end of a process."""
        code = one.process.poll() if one.process else None
        if code is None:
            return
        one.process = None
        how = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
        ended = f"{one.name} exited ({how})"
        if one.session:
            one.session.close()
            self._console.warn(f"{ended}; it is restarted when a file changes.")
            return
        others = [other.name for other in self._all if other.process]
        also = f"; {' and '.join(others)} was stopped" if others else ""
        raise KaldraError(f"{ended}{also}.", hint="See its log lines above.")

    def _reload(self, one: Program, changed: Sequence[Path]) -> None:
        paths = live.within(one.folders, changed)
        if not paths:
            return
        if not (one.process and one.session):
            one.start()
            return
        began = time.monotonic()
        try:
            answer = one.session.request(reload=paths)
        except live.EndedError as error:
            try:
                one.process.wait(REAP_SECONDS)  # as the next look at it tells
            except subprocess.TimeoutExpired:
                raise KaldraError(f"{one.name} runs, but cannot be reloaded: {error}.") from None
        else:
            live.tell(self._console, one.name, paths, began, answer)

    def _end(self) -> None:
        """Terminate the processes, again on each further signal; kill them after the deadline."""
        heeded, deadline = -1, time.monotonic() + GRACE_SECONDS
        while alive := [p for one in self._all if (p := one.process) and p.poll() is None]:
            for process in alive:
                if self._signals > heeded:
                    process.terminate()
                if time.monotonic() > deadline:
                    process.kill()
            heeded = self._signals
            time.sleep(TICK_SECONDS)
        for one in self._all:
            if one.session:
                one.session.close()
