"""Ctrl+C, SIGTERM and SIGHUP end a command with all that it has started and queued, within 5 s."""

import fcntl
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import pytest

from kaldra.paths import REPO
from kaldra.toolchain.machine import machine
from tests.fakes.docker import FakeDocker, fake_docker
from tests.fakes.programs import client, program

pytestmark = pytest.mark.usefixtures("interruptible")

NEVER_ENDS = """\
echo "$0 $*" >>"$KALDRA_HOME/started"
trap '' TERM
sleep 600 &
while :; do wait; done
"""
BUSY = f"""#!/bin/sh
case "$*" in *GOVERSION*) echo go1.26.6; exit;; esac
{NEVER_ENDS}"""
"""Never ends by itself, nor by SIGTERM, and neither does what it has started."""


END_SECONDS = 5
"""From the signal to the end of the command; a bound of the product, whatever the machine."""


def of_home(home: Path) -> list[str]:
    """Command lines of living processes that were started with that KALDRA_HOME."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes()
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if f"KALDRA_HOME={home}\0".encode() in environment:
            found.append(command)
    return found


@contextmanager
def held(lock: Path) -> Iterator[None]:
    """Hold a lock as another run does."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def command(
    *words: str | Path, home: Path, cwd: Path = REPO, **env: str
) -> Iterator["subprocess.Popen[str]"]:
    """A command whose processes can be found by their KALDRA_HOME; none is left behind."""
    process = subprocess.Popen(
        words,
        cwd=cwd,
        env={**os.environ, "KALDRA_HOME": str(home), **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def preview(
    folder: Path, engine: FakeDocker, **env: str
) -> AbstractContextManager["subprocess.Popen[str]"]:
    """A preview that has to provide tools, with the programs of the folder first on PATH."""
    return command(
        *(REPO / "kaldra", "preview", "--stack", "local"),
        home=folder / "home",
        PATH=f"{folder / 'bin'}:{os.environ['PATH']}",
        DOCKER_HOST=f"unix://{engine.socket}",
        KALDRA_STATE=str(folder / "state"),
        **env,
    )


def interrupted(
    process: "subprocess.Popen[str]", number: signal.Signals, busy: Callable[[], object]
) -> str:
    """Interrupt a command once it is busy; returns what it has said on standard error."""
    while not busy():
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.05)
    process.send_signal(number)
    said = process.communicate(timeout=END_SECONDS)[1]
    assert process.returncode == (130 if number is signal.SIGINT else 128 + number), said
    assert "Traceback" not in said
    return said


@pytest.mark.skipif(not machine().debian, reason="base images are made on Debian's family alone")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_builds_and_their_queue(tmp_path: Path, number: signal.Signals) -> None:
    home = tmp_path / "home"
    (home / "locks").mkdir(parents=True)
    for name in ("go", "mmdebstrap"):
        program(tmp_path / "bin" / name, BUSY)
    client(tmp_path / "bin", "20.10.24")
    begun = home / "started"
    with (
        fake_docker(tmp_path) as engine,
        # Another run builds the language host: this one's turn never comes.
        held(home / "locks/build-language.lock"),
        preview(tmp_path, engine, KALDRA_ROUTE="registries") as run,
    ):
        said = interrupted(
            run, number, lambda: begun.exists() and len(begun.read_text().splitlines()) == 2
        )
    assert of_home(home) == []
    assert len(begun.read_text().splitlines()) == 2  # nothing more was begun
    if number is signal.SIGINT:
        assert "✗ Interrupted; nothing is lost.\n  → Run the same command again to go on." in said
    assert list(home.rglob("*.partial-*")) == []


def test_downloads(tmp_path: Path) -> None:
    client(tmp_path / "bin", "20.10.24")
    with fake_docker(tmp_path) as engine, socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        own = {"KALDRA_ROUTE": "publisher", "KALDRA_PUBLISHERS_URL": url}
        with preview(tmp_path, engine, **own) as run:
            interrupted(run, signal.SIGTERM, lambda: select.select([silent], [], [], 0)[0])
    assert of_home(tmp_path / "home") == []


@pytest.mark.parametrize(
    ("words", "number"), [("lint", signal.SIGTERM), ("diff HEAD", signal.SIGINT)]
)
def test_programs_that_run_side_by_side(tmp_path: Path, words: str, number: signal.Signals) -> None:
    with command(REPO / "kaldra", *words.split(), home=tmp_path) as run:
        interrupted(run, number, lambda: len(children(run.pid)) > 1)
    assert children(run.pid) == []


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone without its environment."""
    shutil.copytree(REPO / "platform/kaldra", tmp_path / "clone/platform/kaldra")
    for name in ("kaldra", "requirements.lock"):
        shutil.copy2(REPO / name, tmp_path / "clone")
    return tmp_path / "clone"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_installation_of_packages(tmp_path: Path, clone: Path, number: signal.Signals) -> None:
    script = f'#!/bin/sh\ncase "$*" in *" venv "*) ;; *) exec {sys.executable} "$@";; esac\n'
    python = program(tmp_path / "python", script + NEVER_ENDS)
    begun = tmp_path / "started"
    with command(
        *(clone / "kaldra", "status"), home=tmp_path, cwd=clone, KALDRA_PYTHON=str(python)
    ) as run:
        interrupted(run, number, begun.exists)
    assert of_home(tmp_path) == []


def test_a_hangup_that_is_ignored_ends_nothing(tmp_path: Path, clone: Path) -> None:
    """As under nohup, which is for commands that outlive the terminal."""
    run_on = ("sh", "-c", "trap '' HUP; exec ./kaldra status")
    with (
        held(clone / ".venv.lock"),
        command(*run_on, home=tmp_path, cwd=clone) as run,
    ):

        def is_waiting() -> bool:
            locks = Path("/proc/locks").read_text().splitlines()
            if not any("->" in line and str(run.pid) in line.split() for line in locks):
                return False
            run.send_signal(signal.SIGHUP)  # would come first of two that are pending
            return True

        interrupted(run, signal.SIGTERM, is_waiting)


def test_tests_remove_what_they_have_made(tmp_path: Path) -> None:
    (tmp_path / "test_x.py").write_text(
        "import pathlib, pytest, time\n"
        "@pytest.fixture\n"
        "def made():\n"
        "    made = pathlib.Path('made'); made.touch(); yield; made.unlink()\n"
        "def test_x(made):\n"
        "    time.sleep(600)\n"
    )
    script = (
        "import signal, sys; from kaldra.cli import test\n"
        "signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))\n"
        f"test.REPO = {str(tmp_path)!r}\n"
        "test._end_of([sys.executable, '-m', 'pytest', '-q'])"
    )
    made = tmp_path / "made"
    with command(
        *(sys.executable, "-c", script), home=tmp_path, PYTHONPATH=str(REPO / "platform")
    ) as run:
        interrupted(run, signal.SIGTERM, made.exists)
    assert not made.exists()
    assert of_home(tmp_path) == []


def children(pid: int) -> list[int]:
    """Processes of the session that a command has begun, without itself."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(ProcessLookupError):
            if folder.name != str(pid) and os.getsid(int(folder.name)) == pid:
                found.append(int(folder.name))
    return found
