"""Both services as processes with the memory that their pods have, and three callers."""

import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench import attacks
from tests.processes import Service, computing, gateway

MIB = 1 << 20
API_LIMIT = 256 * MIB
CORE_LIMIT = 512 * MIB
"""The pods' limits: platform/kaldra/stack/services.py."""

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
class Platform:
    """The gateway and the core behind it."""

    api: Service
    core: Service
    keys: Path


@pytest.fixture(scope="module")
def _platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Both services, new for each module, so that peaks of memory are its own."""
    keys = tmp_path_factory.mktemp("keys")
    for name, key in KEYS.items():
        (keys / name).write_text(key)
    environment = {"KALDRA_AUTH": "on", "KALDRA_API_KEYS_DIR": str(keys)}
    with computing() as core, gateway(core.url, **environment) as api:
        yield Platform(api, core, keys)


@pytest.fixture
def platform(_platform: Platform) -> Iterator[Platform]:
    """The services; after a test both live and stayed within the memory of their pods."""
    yield _platform
    for service, limit in ((_platform.api, API_LIMIT), (_platform.core, CORE_LIMIT)):
        assert service.process.poll() is None
        assert service.peak_bytes < limit


@asynccontextmanager
async def others_served(
    port: int, key: str = KEYS["bystander"], pause: float = 0.02
) -> AsyncIterator[attacks.Seen]:
    """A bystander, who is answered all the while, and always with success."""
    async with attacks.bystander(port, key, pause) as seen:
        yield seen
    assert seen.signals
    assert seen.healths
    assert {status for status, _ in seen.signals + seen.healths} == {200}
