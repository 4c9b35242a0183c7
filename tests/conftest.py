import os
import socket

import pytest

# Tests do not depend on the `.env` of whoever runs them.
os.environ["KALDRA_ENV_FILE"] = os.devnull


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def free_port() -> int:
    return unused_port()


def unused_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
