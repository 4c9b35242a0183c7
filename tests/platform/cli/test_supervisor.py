import dataclasses
import os
import re
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from io import StringIO
from pathlib import Path

import httpx2
import pytest

from kaldra.cli import supervisor
from kaldra.cli.supervisor import Program, Supervisor
from kaldra.cli.ui import Console
from kaldra.errors import KaldraError
from tests.serving.reloading import Small

pytestmark = pytest.mark.usefixtures("interruptible")

LASTING = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (note("ended"), sys.exit(0)))
note("started")
while True: time.sleep(0.01)
"""
STUBBORN = LASTING.replace('(note("ended"), sys.exit(0))', 'note("asked")')


class Stage:
    """Programs that note what happens to them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said = StringIO()

    def program(self, name: str, code: str = LASTING) -> Program:
        notes = self.folder / f"{name}.notes"
        notes.touch()
        head = f"def note(what): print(what, file=open({str(notes)!r}, 'a'))\n"
        return Program(name, (sys.executable, "-c", head + code), {})

    def notes(self, name: str) -> list[str]:
        return (self.folder / f"{name}.notes").read_text().split()

    def run(self, *programs: Program, meanwhile: Iterable[None] = ()) -> None:
        Supervisor(programs, Console(self.said)).run(iter(meanwhile))


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


@pytest.fixture
def small(tmp_path: Path, free_port: int) -> Small:
    return Small(tmp_path, free_port, copy=False, KALDRA_DRAIN_SECONDS="0")


def reloadable(small: Small) -> Program:
    folders = [small.image / "small"]
    return Program("b", small.command, small.environment, small.receive, folders)


def once(condition: Callable[[], bool], number: int = signal.SIGINT) -> Iterator[None]:
    """Send a signal as soon as a condition is met."""
    while not condition():
        yield
    os.kill(os.getpid(), number)


def answers(small: Small, text: str) -> bool:
    try:
        return httpx2.get(f"{small.url}/answer", timeout=30).text == text
    except httpx2.TransportError:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_all_gracefully(stage: Stage, number: signal.Signals):
    started = once(lambda: stage.notes("a") == stage.notes("b") == ["started"], number)
    stage.run(stage.program("a"), stage.program("b"), meanwhile=started)
    assert stage.notes("a") == stage.notes("b") == ["started", "ended"]


def test_a_hangup_stays_ignored_as_under_nohup(stage: Stage):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    stage.run(stage.program("a"), meanwhile=once(lambda: True))
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_one_that_dies_ends_the_other_and_is_named(stage: Stage):
    fatal = f"""
import sys, time
while "started" not in open({str(stage.folder / "b.notes")!r}).read(): time.sleep(0.01)
sys.exit(3)
"""
    with pytest.raises(KaldraError) as caught:
        stage.run(stage.program("a", fatal), stage.program("b"))
    assert str(caught.value) == "a exited (exit code 3); b was stopped."
    assert caught.value.exit_code == 1
    assert stage.notes("b") == ["started", "ended"]


def test_a_signal_that_kills_one_is_named(stage: Stage):
    fatal = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    with pytest.raises(KaldraError, match=r"^a exited \(SIGKILL\)\.$"):
        stage.run(stage.program("a", fatal))


def test_one_that_does_not_end_in_time_is_killed(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(supervisor, "GRACE_SECONDS", 0.2)
    started = once(lambda: stage.notes("a") == ["started"])
    stage.run(stage.program("a", STUBBORN), meanwhile=started)
    assert stage.notes("a") == ["started", "asked"]


def test_a_change_is_reloaded_and_its_fault_is_told(stage: Stage, small: Small):
    def edits() -> Iterator[None]:
        while not answers(small, "first"):
            yield
        small.edit("second")
        while not answers(small, "second"):
            yield
        small.code.write_text("def broken(:")
        yield from once(lambda: "goes on serving" in stage.said.getvalue())

    stage.run(stage.program("a"), reloadable(small), meanwhile=edits())
    assert stage.notes("a") == ["started", "ended"]
    said = stage.said.getvalue()
    assert re.search(r"small/answer.py → b · \d+\.\d s", said)
    assert "✗ small/answer.py, line 1: SyntaxError" in said


def test_one_that_cannot_be_reloaded_is_named(stage: Stage, small: Small):
    deaf = (sys.executable, "-c", "import sys; sys.exit('no socket')")

    def edits() -> Iterator[None]:
        while not answers(small, "first"):
            yield
        small.edit("second")

    with pytest.raises(KaldraError, match="b runs, but cannot be reloaded: no socket"):
        stage.run(dataclasses.replace(reloadable(small), receiver=deaf), meanwhile=edits())


def test_one_that_ended_starts_when_a_file_changes(stage: Stage, small: Small):
    small.code.write_text("raise SystemExit(1)")

    def edits() -> Iterator[None]:
        while "b exited (exit code 1)" not in stage.said.getvalue():
            yield
        small.edit("second")
        yield from once(lambda: answers(small, "second"))

    stage.run(reloadable(small), meanwhile=edits())
    assert stage.said.getvalue().count("b exited") == 1
