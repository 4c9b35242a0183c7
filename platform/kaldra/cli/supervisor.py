"""Supervised processes that start and stop together, for services without containers."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from kaldra.cli.ui import Console
from kaldra.errors import KaldraError
from kaldra.paths import REPO

TICK_SECONDS = 0.05
LOOK_SECONDS = 0.5
"""Interval between checks for changed files."""

GRACE_SECONDS = 30
"""Grace period for running requests; longer than the services' own."""

SOURCES = frozenset({".py", ".json", ".html", ".css", ".js"})


@dataclass(frozen=True)
class Program:
    """A command, and its source folders."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folders: Sequence[Path] = ()


@dataclass
class _Running:
    program: Program
    process: "subprocess.Popen[bytes] | None" = None
    seen: Mapping[Path, int] = field(default_factory=dict)


class Supervisor:
    """Runs programs; stops all when one exits or on a signal, or restarts them on changes."""

    def __init__(self, programs: Sequence[Program], console: Console, *, reload: bool) -> None:
        self._all = [_Running(program) for program in programs]
        self._console = console
        self._reload = reload
        self._signals = 0

    def run(self, tick: Callable[[], None]) -> None:
        """Return when a signal has stopped everything; `tick` is called periodically.

        Raises KaldraError if a program exits by itself, after the others were stopped.
        """
        with self._listening():
            try:
                for one in self._all:
                    self._start(one)
                looked = time.monotonic()
                while not self._signals:
                    self._watch()
                    if self._reload and time.monotonic() - looked >= LOOK_SECONDS:
                        self._restart_changed()
                        looked = time.monotonic()
                    tick()
                    time.sleep(TICK_SECONDS)
            finally:
                self._end(self._all)

    def _start(self, one: _Running) -> None:
        one.seen = _files(one.program.folders) if self._reload else {}
        # A session of its own: a terminal's Ctrl+C reaches this process alone, which passes it on.
        one.process = subprocess.Popen(  # noqa: S603  our own services
            one.program.command,
            cwd=REPO,
            env={**os.environ, **one.program.environment},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _watch(self) -> None:
        for one in self._all:
            code = one.process.poll() if one.process else None
            if code is None:
                continue
            name = one.program.name
            how = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
            one.process = None
            if self._reload:
                self._console.warn(f"{name} exited ({how}); it is restarted when a file changes.")
                continue
            others = [other.program.name for other in self._all if other.process]
            also = f"; {' and '.join(others)} was stopped" if others else ""
            raise KaldraError(f"{name} exited ({how}){also}.", hint="See its log lines above.")

    def _restart_changed(self) -> None:
        for one in self._all:
            now = _files(one.program.folders)
            if now == one.seen:
                continue
            changed = sorted(
                p for p in now.keys() | one.seen.keys() if now.get(p) != one.seen.get(p)
            )
            what = changed[0].relative_to(REPO) if changed[0].is_relative_to(REPO) else changed[0]
            self._console.note(f"{what} changed: restarting {one.program.name}.")
            self._end([one])
            self._start(one)

    def _end(self, some: Sequence[_Running]) -> None:
        """Terminate the processes, again on each further signal; kill them after the deadline."""
        alive = [one.process for one in some if one.process]
        asked, deadline = self._signals, time.monotonic() + GRACE_SECONDS
        _ask_to_end(alive)
        while any(process.poll() is None for process in alive):
            if self._signals > asked:
                asked = self._signals
                _ask_to_end(alive)
            if time.monotonic() > deadline:
                for process in alive:
                    process.kill()
            time.sleep(TICK_SECONDS)
        for one in some:
            one.process = None

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Count signals instead of exiting."""

        def count(*_: object) -> None:
            self._signals += 1

        handled = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, count) for number in handled}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _ask_to_end(processes: "Sequence[subprocess.Popen[bytes]]") -> None:
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)


def _files(folders: Sequence[Path]) -> dict[Path, int]:
    """Source files with their modification times."""
    found = {}
    for folder in folders:
        for path in folder.rglob("*"):
            if path.suffix in SOURCES:
                try:
                    found[path] = path.stat().st_mtime_ns
                except OSError:  # removed meanwhile
                    continue
    return found
