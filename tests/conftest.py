import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import running

API_KEY = "a-key-of-the-tests-0123456789"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def free_port() -> int:
    return unused_port()


@pytest.fixture(scope="session")
def core_url() -> Iterator[str]:
    """Address of a core that runs as long as the tests."""
    port = unused_port()
    with running("core", port, CORE_PORT=str(port)):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def api_url(core_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a gateway to that core; its one caller has API_KEY and no limit."""
    port = unused_port()
    keys: Path = tmp_path_factory.mktemp("api-keys")
    (keys / "tests").write_text(API_KEY)
    environment = {
        "API_PORT": str(port),
        "CORE_SERVICE_URL": core_url,
        "KALDRA_API_KEYS_DIR": str(keys),
        "KALDRA_RATE_LIMIT": "0",
    }
    with running("app", port, **environment):
        yield f"http://127.0.0.1:{port}"


def unused_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
