"""Programs end with what they started, and none is started once all are being ended."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from kaldra.errors import KaldraError
from kaldra.toolchain import commands
from tests.fakes.programs import program

STUBBORN = "trap '' TERM; sleep 600 & echo $! >pid; wait; while :; do sleep 600; done"


@pytest.fixture(autouse=True)
def _allowed() -> Iterator[None]:
    yield
    with commands.ending_together():  # programs may be started again
        pass


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def ends(pid: int) -> bool:
    """A process may outlive its signal by a moment."""
    end = time.monotonic() + 5
    while runs(pid) and time.monotonic() < end:
        time.sleep(0.01)
    return not runs(pid)


@pytest.fixture
def started(tmp_path):
    """Runs a program in a thread until it has written its id; returns its future, and the id."""
    with ThreadPoolExecutor(1) as pool:

        def start(*command: str) -> tuple[Future[str], int]:
            running = pool.submit(commands.run, command, what="the program", cwd=tmp_path)
            while not ((file := tmp_path / "pid").exists() and file.read_text().strip()):
                time.sleep(0.01)
            return running, int(file.read_text())

        yield start


@pytest.mark.parametrize("script", ["sleep 600 & echo $! >pid; wait", STUBBORN])
def test_everything_ends_also_what_ignores_sigterm(started, script):
    running, child = started("sh", "-c", script)
    assert runs(child)
    commands.stop_all()
    with pytest.raises(KaldraError, match="the program failed"):
        running.result(60)
    assert ends(child)


def test_nothing_is_started_any_more(tmp_path):
    with pytest.raises(KeyboardInterrupt), commands.ending_together():
        raise KeyboardInterrupt
    with pytest.raises(KaldraError, match="touch was not begun"):
        commands.run(["touch", tmp_path / "file"], what="the next")
    assert not (tmp_path / "file").exists()
    with commands.ending_together():
        assert commands.run(["echo", "a"], what="the next") == "a"


def test_apt_is_asked_to_end_and_never_killed(started, tmp_path, monkeypatch):
    """A killed dpkg leaves packages half installed."""
    monkeypatch.setattr(commands, "GRACE_SECONDS", 0.0)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    program(tmp_path / "apt-get", "trap 'echo asked >asked' TERM\necho $$ >pid\nsleep 1; sleep 1")
    running, _ = started("apt-get")
    commands.stop_all()
    running.result(60)
    assert (tmp_path / "asked").exists()
