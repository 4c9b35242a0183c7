import itertools
import os
import socket
from collections import Counter
from contextlib import suppress

import pytest

from tests.e2e.docker import remove_everything
from tests.e2e.groups import group_of

# Tests do not depend on the `.env` of whoever runs them.
os.environ["KALDRA_ENV_FILE"] = os.devnull


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark groups, also where only some folders are selected; pytest-xdist runs an id once."""
    for item in items:
        if group := group_of(item.nodeid):
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.xdist_group(group))
    ids = Counter(item.nodeid for item in items)
    assert max(ids.values(), default=0) <= 1, ids.most_common(1)


_started: set[str | None] = set()
"""Groups of which a test has begun; None for the tests without one."""


def pytest_runtest_logstart(nodeid: str) -> None:
    _started.add(group_of(nodeid))


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove what end-to-end tests have made: an interrupt kills workers before they are done."""
    here = not hasattr(config, "workerinput")
    if here and _started - {None}:
        remove_everything()


@pytest.fixture
def free_port() -> int:
    return unused_port()


# Below the range that outgoing connections take theirs from; workers begin at different ports.
_ports = itertools.cycle(range(20000, 32000))
next(itertools.islice(_ports, os.getpid() * 37 % 12000, None))


def unused_port() -> int:
    """Return a port that nothing listens on, another one each time."""
    while True:
        port = next(_ports)
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
