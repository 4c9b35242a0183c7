import os
import signal
import sys
import textwrap
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest

from kaldra.cli import supervisor
from kaldra.cli.supervisor import Program, Supervisor
from kaldra.cli.ui import Console
from kaldra.errors import KaldraError

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

    def program(self, name: str, code: str = LASTING, *folders: Path) -> Program:
        notes = self.folder / f"{name}.notes"
        notes.touch()
        head = f"def note(what): print(what, file=open({str(notes)!r}, 'a'))\n"
        command = (sys.executable, "-c", head + textwrap.dedent(code))
        return Program(name, command, {"STAGE": name}, folders)

    def notes(self, name: str) -> list[str]:
        return (self.folder / f"{name}.notes").read_text().split()

    def run(self, *programs: Program, tick: Callable[[], None], reload: bool = False) -> None:
        Supervisor(programs, self.console, reload=reload).run(tick)


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr(supervisor, "LOOK_SECONDS", 0)
    return Stage(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_all_gracefully(stage: Stage, number: signal.Signals):
    def tick() -> None:
        if stage.notes("a") == stage.notes("b") == ["started"]:
            os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    stage.run(stage.program("a"), stage.program("b"), tick=tick)
    assert stage.notes("a") == stage.notes("b") == ["started", "ended"]
    assert signal.getsignal(number) == before


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


def test_a_change_restarts_only_what_is_made_of_it(stage: Stage, tmp_path: Path):
    folders = [tmp_path / "of-a", tmp_path / "of-b"]
    for folder in folders:
        folder.mkdir()
        (folder / "code.py").write_text("1")
    steps = iter(["edit", "end"])

    def tick() -> None:
        begun = stage.notes("a").count("started"), stage.notes("b").count("started")
        step = next(steps) if begun in {(1, 1), (2, 1)} and begun not in seen else ""
        seen.add(begun)
        if step == "edit":
            (folders[0] / "new.json").write_text("{}")
        elif step == "end":
            os.kill(os.getpid(), signal.SIGINT)

    seen: set[tuple[int, int]] = set()
    programs = [stage.program("a", LASTING, folders[0]), stage.program("b", LASTING, folders[1])]
    stage.run(*programs, tick=tick, reload=True)
    assert stage.notes("a") == ["started", "ended"] * 2
    assert stage.notes("b") == ["started", "ended"]
    assert "new.json changed: restarting a." in stage.said.getvalue()


def test_while_reloading_a_broken_program_waits_for_its_correction(stage: Stage, tmp_path: Path):
    source = tmp_path / "source" / "code.py"
    source.parent.mkdir()
    source.write_text("raise SystemExit(1)")
    broken = f"exec(open({str(source)!r}).read())"

    def tick() -> None:
        if stage.notes("a"):
            os.kill(os.getpid(), signal.SIGINT)
        elif "a exited (exit code 1)" in stage.said.getvalue() and "raise" in source.read_text():
            source.write_text(LASTING)

    stage.run(stage.program("a", broken, source.parent), tick=tick, reload=True)
    assert stage.notes("a") == ["started", "ended"]
