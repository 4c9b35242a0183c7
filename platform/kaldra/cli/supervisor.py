"""Processes that live and end together: services without containers around them."""

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
"""How often files are looked at for changes."""

GRACE_SECONDS = 30
"""What a process gets to finish its requests; longer than the services themselves take."""

SOURCES = frozenset({".py", ".json", ".html", ".css", ".js"})


@dataclass(frozen=True)
class Program:
    """What to run, and the folders that it is made of."""

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
    """Starts programs, ends them all when one ends or a signal comes; or restarts on changes."""

    def __init__(self, programs: Sequence[Program], console: Console, *, reload: bool) -> None:
        self._all = [_Running(program) for program in programs]
        self._console = console
        self._reload = reload
        self._signals = 0

    def run(self, tick: Callable[[], None]) -> None:
        """Return when a signal has ended everything; `tick` is called all the while.

        Raises KaldraError when a program ended by itself; the others have then been ended too.
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
                self._console.warn(f"{name} ended ({how}); it starts again when a file changes.")
                continue
            others = [other.program.name for other in self._all if other.process]
            also = f", and so {' and '.join(others)} was ended too" if others else ""
            raise KaldraError(f"{name} ended by itself ({how}){also}.", hint="See its lines above.")

    def _restart_changed(self) -> None:
        for one in self._all:
            now = _files(one.program.folders)
            if now == one.seen:
                continue
            changed = sorted(
                p for p in now.keys() | one.seen.keys() if now.get(p) != one.seen.get(p)
            )
            what = changed[0].relative_to(REPO) if changed[0].is_relative_to(REPO) else changed[0]
            self._console.note(f"{what} changed: {one.program.name} starts again.")
            self._end([one])
            self._start(one)

    def _end(self, some: Sequence[_Running]) -> None:
        """Ask the processes to end, again on each further signal; kill what takes too long."""
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
        """Count signals instead of dying of them."""

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
    """Source files and when each was changed last."""
    found = {}
    for folder in folders:
        for path in folder.rglob("*"):
            if path.suffix in SOURCES:
                try:
                    found[path] = path.stat().st_mtime_ns
                except OSError:  # removed meanwhile
                    continue
    return found
