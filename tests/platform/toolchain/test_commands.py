"""Programs end with what they started, and none is started once all are being ended."""

import os
import threading
import time
from collections.abc import Callable, Iterator
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


def started(folder: Path, script: str, name: str = "pid") -> tuple[Callable[[], None], int]:
    """Run a shell script in a thread; returns how to wait for its end, and the id it wrote."""
    failures: list[KaldraError] = []

    def run() -> None:
        try:
            commands.run(["sh", "-c", script], what="the script", cwd=folder)
        except KaldraError as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    while not ((folder / name).exists() and (folder / name).read_text().strip()):
        time.sleep(0.01)

    def ended() -> None:
        thread.join(60)
        assert not thread.is_alive()
        assert "the script failed" in str(failures[0])

    return ended, int((folder / name).read_text())


@pytest.mark.parametrize("script", ["sleep 600 & echo $! >pid; wait", STUBBORN])
def test_everything_ends_also_what_ignores_sigterm(tmp_path, script):
    ended, child = started(tmp_path, script)
    assert runs(child)
    commands.stop_all()
    ended()
    assert ends(child)


def test_nothing_is_started_any_more(tmp_path):
    with pytest.raises(KeyboardInterrupt), commands.ending_together():
        raise KeyboardInterrupt
    with pytest.raises(commands.EndingError, match="the next was not begun"):
        commands.run(["touch", tmp_path / "file"], what="the next")
    assert not (tmp_path / "file").exists()
    with commands.ending_together():
        assert commands.run(["echo", "a"], what="the next") == "a"


def test_apt_is_asked_to_end_and_never_killed(tmp_path, monkeypatch):
    """A killed dpkg leaves packages half installed."""
    monkeypatch.setattr(commands, "GRACE_SECONDS", 0.0)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    program(tmp_path / "apt-get", "trap 'echo asked >asked' TERM\necho $$ >pid\nsleep 1; sleep 1")
    thread = threading.Thread(
        target=commands.run, args=(["apt-get"],), kwargs={"what": "apt", "cwd": tmp_path}
    )
    thread.start()
    while not (tmp_path / "pid").exists():
        time.sleep(0.01)
    commands.stop_all()
    thread.join()
    assert (tmp_path / "asked").exists()
