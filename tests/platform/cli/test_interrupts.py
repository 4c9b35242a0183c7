"""Ctrl+C and SIGTERM while tools and images are made: everything ends, queued builds included."""

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kaldra.paths import REPO
from kaldra.toolchain.machine import machine
from tests.platform.fake_docker import fake_docker
from tests.platform.toolchain.programs import client, program

BUSY = """#!/bin/sh
case "$*" in *GOVERSION*) echo go1.26.6; exit;; esac
echo "$0 $*" >>"$KALDRA_HOME/started"
trap '' TERM
sleep 600 &
while :; do wait; done
"""
"""Never ends by itself, nor by SIGTERM, and neither does what it has started."""


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


@pytest.fixture(autouse=True)
def _interruptible() -> Iterator[None]:
    """In a script's background job interrupts are ignored, also by what is started there."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(not machine().debian, reason="base images are made on Debian's family alone")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_all_of_a_run_ends(tmp_path: Path, number: signal.Signals, code: int) -> None:
    home = tmp_path / "home"
    (home / "locks").mkdir(parents=True)
    for name in ("go", "mmdebstrap"):
        program(tmp_path / "bin" / name, BUSY)
    client(tmp_path / "bin", "20.10.24")
    with (
        fake_docker(tmp_path) as engine,
        # Another run builds the language host: this one's turn never comes.
        (home / "locks/build-language.lock").open("w") as other,
    ):
        fcntl.flock(other, fcntl.LOCK_EX)
        run = subprocess.Popen(
            [REPO / "kaldra", "preview", "--stack", "local"],
            env={
                **os.environ,
                "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
                "DOCKER_HOST": f"unix://{engine.socket}",
                "KALDRA_HOME": str(home),
                "KALDRA_STATE": str(tmp_path / "state"),
                "KALDRA_ROUTE": "registries",
            },
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        begun = home / "started"
        while not (begun.exists() and len(begun.read_text().splitlines()) == 2):
            assert run.poll() is None, run.communicate()[1]
            time.sleep(0.05)
        run.send_signal(number)
        said = run.communicate(timeout=60)[1]
    assert run.returncode == code, said
    assert of_home(home) == []
    assert len(begun.read_text().splitlines()) == 2  # nothing more was begun
    assert "Traceback" not in said
    if number is signal.SIGINT:
        assert "✗ Interrupted; nothing is lost.\n  → Run the same command again to go on." in said
    assert list(home.rglob("*.partial-*")) == []
