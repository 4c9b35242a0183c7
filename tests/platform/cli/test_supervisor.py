import dataclasses
import os
import re
import signal
import sys
import textwrap
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import httpx2
import pytest

from kaldra.cli import supervisor
from kaldra.cli.supervisor import Program, Supervisor
from kaldra.cli.ui import Console
from kaldra.errors import KaldraError
from tests.serving.reloading import Small

LASTING = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (note("ended"), sys.exit(0)))
note("started")
while True: time.sleep(0.01)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, lambda *_: note("asked"))
note("started")
while True: time.sleep(0.01)
"""


class Stage:
    """Programs that note what happens to them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said = StringIO()
        self.console = Console(self.said)

    def program(self, name: str, code: str = LASTING) -> Program:
        notes = self.folder / f"{name}.notes"
        notes.touch()
        head = f"def note(what): print(what, file=open({str(notes)!r}, 'a'))\n"
        command = (sys.executable, "-c", head + textwrap.dedent(code))
        return Program(name, command, {"STAGE": name})

    def notes(self, name: str) -> list[str]:
        return (self.folder / f"{name}.notes").read_text().split()

    def run(self, *programs: Program, tick: Callable[[], None]) -> None:
        Supervisor(programs, self.console).run(tick)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_all_gracefully(stage: Stage, number: signal.Signals):
    def tick() -> None:
        if stage.notes("a") == stage.notes("b") == ["started"]:
            os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    stage.run(stage.program("a"), stage.program("b"), tick=tick)
    assert signal.getsignal(number) is before
    assert stage.notes("a") == stage.notes("b") == ["started", "ended"]


@pytest.mark.usefixtures("interruptible")
def test_a_hangup_stays_ignored_as_under_nohup(stage: Stage):
    heard = []

    def tick() -> None:
        heard.append(signal.getsignal(signal.SIGHUP))
        os.kill(os.getpid(), signal.SIGTERM)

    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    stage.run(stage.program("a"), tick=tick)
    assert heard[0] is signal.SIG_IGN


def test_one_that_dies_ends_the_other_and_is_named(stage: Stage):
    fatal = f"""
    import sys, time
    while "started" not in open({str(stage.folder / "b.notes")!r}).read(): time.sleep(0.01)
    sys.exit(3)
    """
    with pytest.raises(KaldraError) as caught:
        stage.run(stage.program("a", fatal), stage.program("b"), tick=lambda: None)
    assert str(caught.value) == "a exited (exit code 3); b was stopped."
    assert caught.value.exit_code == 1
    assert stage.notes("b") == ["started", "ended"]


def test_a_signal_that_kills_one_is_named(stage: Stage):
    fatal = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    with pytest.raises(KaldraError, match=r"^a exited \(SIGKILL\)\.$"):
        stage.run(stage.program("a", fatal), tick=lambda: None)


def test_one_that_does_not_end_in_time_is_killed(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(supervisor, "GRACE_SECONDS", 0.2)

    def tick() -> None:
        if stage.notes("a"):
            os.kill(os.getpid(), signal.SIGTERM)

    stage.run(stage.program("a", STUBBORN), tick=tick)
    assert stage.notes("a") == ["started", "asked"]


def answer(small: Small) -> str:
    try:
        return httpx2.get(f"{small.url}/answer", timeout=30).text
    except httpx2.TransportError:
        return ""


def reloadable(small: Small, name: str) -> Program:
    folders = [small.image / "small"]
    return Program(name, small.command, small.environment, small.receive, folders)


def test_a_change_is_reloaded_and_its_fault_is_told(stage: Stage, tmp_path: Path, free_port: int):
    small = Small(tmp_path, free_port, copy=False, KALDRA_DRAIN_SECONDS="0")
    code = small.image / "small" / "answer.py"

    def edits() -> Iterator[None]:
        while answer(small) != "first":
            yield
        small.edit("second")
        while answer(small) != "second":
            yield
        code.write_text("def broken(:")
        while "goes on serving" not in stage.said.getvalue():
            yield
        os.kill(os.getpid(), signal.SIGINT)

    made = edits()
    stage.run(stage.program("a"), reloadable(small, "b"), tick=lambda: next(made, None))
    assert stage.notes("a") == ["started", "ended"]
    said = stage.said.getvalue()
    assert re.search(r"small/answer.py → b · \d+\.\d s", said)
    assert "✗ small/answer.py, line 1: SyntaxError" in said


def test_one_that_cannot_be_reloaded_is_named(stage: Stage, tmp_path: Path, free_port: int):
    small = Small(tmp_path, free_port, copy=False, KALDRA_DRAIN_SECONDS="0")
    deaf = (sys.executable, "-c", "import sys; sys.exit('no socket')")
    program = dataclasses.replace(reloadable(small, "b"), receiver=deaf)

    def tick() -> None:
        if answer(small) == "first":
            small.edit("second")

    with pytest.raises(KaldraError, match="b runs, but cannot be reloaded: no socket"):
        stage.run(program, tick=tick)


def test_one_that_ended_starts_when_a_file_changes(stage: Stage, tmp_path: Path, free_port: int):
    small = Small(tmp_path, free_port, copy=False, KALDRA_DRAIN_SECONDS="0")
    code = small.image / "small" / "answer.py"
    code.write_text("raise SystemExit(1)")

    def tick() -> None:
        if answer(small) == "second":
            os.kill(os.getpid(), signal.SIGINT)
        elif "b exited (exit code 1)" in stage.said.getvalue() and "raise" in code.read_text():
            small.edit("second")

    stage.run(reloadable(small, "b"), tick=tick)
    assert stage.said.getvalue().count("b exited") == 1
