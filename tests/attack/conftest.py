"""Both services as processes with the memory that their pods have, and three callers."""

import asyncio
import signal
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest

from tests.conftest import unused_port
from tests.processes import running

MIB = 1 << 20
API_LIMIT = 256 * MIB
CORE_LIMIT = 512 * MIB
"""The pods' limits: platform/kaldra/stack/services.py."""

QUIET = {"KALDRA_LOG_LEVEL": "WARNING"}
"""Nobody reads the pipe that a process logs into: it must not fill."""

KEYS = {name: f"{name}-key-0123456789" for name in ("attacker", "second", "bystander")}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.attack)


@pytest.fixture(scope="package", autouse=True)
def hangup() -> None:
    """SIGHUP ends services here although whoever started the tests may ignore it (nohup)."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@dataclass
class Service:
    """One process and the port it answers on."""

    process: Popen[str]
    port: int

    @property
    def peak_bytes(self) -> int:
        """The most memory that was resident since the start."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("ascii")
        return next(
            int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmHWM")
        )


@dataclass
class Platform:
    """The gateway and the core behind it."""

    api: Service
    core: Service
    keys: Path

    def check(self) -> None:
        """Both live and stayed within the memory of their pods."""
        assert self.api.process.poll() is None
        assert self.core.process.poll() is None
        assert self.api.peak_bytes < API_LIMIT
        assert self.core.peak_bytes < CORE_LIMIT


@contextmanager
def gateway(core_port: int, **environment: str) -> Iterator[Service]:
    """A gateway of its own, open to all."""
    port = unused_port()
    url = f"http://127.0.0.1:{core_port}"
    values = {
        "API_PORT": str(port),
        "CORE_SERVICE_URL": url,
        "KALDRA_AUTH": "off",
        "KALDRA_RATE_LIMIT": "0",
        "KALDRA_TEXT_LIMIT": "0",
        "KALDRA_DRAIN_SECONDS": "0",
        **QUIET,
    }
    with running("app", port, **{**values, **environment}) as process:
        yield Service(process, port)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Both services, new for each module, so that peaks of memory are its own."""
    keys = tmp_path_factory.mktemp("keys")
    for name, key in KEYS.items():
        (keys / name).write_text(key)
    core_port = unused_port()
    with ExitStack() as stack:
        core = stack.enter_context(running("core", core_port, CORE_PORT=str(core_port), **QUIET))
        environment = {"KALDRA_AUTH": "on", "KALDRA_API_KEYS_DIR": str(keys)}
        api = stack.enter_context(gateway(core_port, **environment))
        yield Platform(api, Service(core, core_port), keys)


def run(attack: Coroutine[Any, Any, None]) -> None:
    """Run an attack to its end."""
    asyncio.run(attack)
