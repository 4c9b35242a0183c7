"""The services as processes of their own, for what only a real one shows."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from tests.conftest import unused_port

REPO = Path(__file__).resolve().parents[1]
START_SECONDS = 120

QUIET = {"KALDRA_LOG_LEVEL": "WARNING", "KALDRA_DRAIN_SECONDS": "0"}
"""Nobody reads the pipe that a process logs into: it must not fill."""


@dataclass
class Service:
    """One process and the port it answers on."""

    process: subprocess.Popen[str]
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def peak_bytes(self) -> int:
        """The most memory that was resident since the start."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("ascii")
        return next(
            int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmHWM")
        )


def gateway(core: str, **environment: str) -> AbstractContextManager[Service]:
    """A gateway to the core at an address; open to all and without limits unless told otherwise."""
    port = unused_port()
    open_to_all = {"KALDRA_AUTH": "off", "KALDRA_RATE_LIMIT": "0", "KALDRA_TEXT_LIMIT": "0"}
    values = {**open_to_all, **QUIET, **environment}
    return running("app", port, API_PORT=str(port), CORE_SERVICE_URL=core, **values)


def computing(port: int | None = None) -> AbstractContextManager[Service]:
    """A core."""
    port = port or unused_port()
    return running("core", port, CORE_PORT=str(port), **QUIET)


@contextmanager
def running(module: str, port: int, **environment: str) -> Iterator[Service]:
    """`python -m MODULE`, answering on `port`; killed at the end if it is still there."""
    process = subprocess.Popen(
        [sys.executable, "-m", module],
        cwd=REPO,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(REPO),
            "KALDRA_ENV_FILE": os.devnull,
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/health", process)
        yield Service(process, port)
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def wait_for(url: str, process: subprocess.Popen[str]) -> None:
    """Return when `url` answers; fail with the process' output when it ends instead."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"ended with {process.returncode}: {process.communicate()[0]}")
        try:
            httpx2.get(url, timeout=1)
        except httpx2.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"{url} does not answer")


def ran(*command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """A command that has ended, with what it printed; `options` are those of subprocess.run."""
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)
