"""Both services as processes with the memory that their pods have, and three callers."""

import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bench import attacks
from tests.processes import Service, computing, gateway

MIB = 1 << 20
API_LIMIT = 256 * MIB
CORE_LIMIT = 512 * MIB
"""The pods' limits: platform/kaldra/stack/services.py."""

KEYS = {name: f"{name}-key-0123456789" for name in ("attacker", "second", "bystander")}


SITE = os.environ.get("KALDRA_SITE", "")
"""URL of a gateway that is attacked instead of processes; it has these keys and no rate limits."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    found = [item for item in items if here in item.path.parents]
    for item in found:
        item.add_marker(pytest.mark.attack)
    if SITE:
        # The others start services with settings of their own.
        others = [item for item in found if "port" not in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]


@pytest.fixture(scope="package", autouse=True)
def hangup() -> None:
    """SIGHUP ends services here although whoever started the tests may ignore it (nohup)."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the callers' keys."""
    folder = tmp_path_factory.mktemp("keys")
    for name, key in KEYS.items():
        (folder / name).write_text(key)
    return folder


@pytest.fixture(scope="module")
def core() -> Iterator[Service]:
    """A core, new for each module, so that its peak of memory is the module's own."""
    with computing() as core:
        yield core
        assert_sound(core, CORE_LIMIT)


@pytest.fixture(scope="module")
def port(request: pytest.FixtureRequest, keys: Path) -> Iterator[int]:
    """The port of a gateway that knows the callers; it and its core survive the module's tests."""
    if SITE:
        yield urlsplit(SITE).port or 80
        return
    core: Service = request.getfixturevalue("core")
    environment = {"KALDRA_AUTH": "on", "KALDRA_API_KEYS_DIR": str(keys)}
    with gateway(core.url, **environment) as api:
        yield api.port
        assert_sound(api, API_LIMIT)


def assert_sound(service: Service, limit: int) -> None:
    """A service that still runs and has stayed within the memory of its pod."""
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
