from collections.abc import Iterator
from typing import Any

import pytest
from docker import APIClient

from kaldra.toolchain import docker_client
from tests.e2e.docker import remove_leftovers
from tests.e2e.machine import NAME
from tests.platform.docker_provider.engine.plugin import Plugin, running

PREFIX = NAME.replace("e2e", "provider")
BASES = ("kaldra/base:", "python:")
"""Images with Python that `./kaldra` installs on each route."""


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[APIClient]:
    """The real engine."""
    api = docker_client.connect()
    yield api
    api.close()


def tag_of(api: APIClient, *beginnings: str) -> str:
    """An image that is there, by the first letters of its tag."""
    tags = [tag for image in api.images() for tag in image["RepoTags"] or []]
    return next(tag for tag in sorted(tags) if tag.startswith(beginnings))


@pytest.fixture(scope="session")
def base_image(docker_engine: APIClient) -> str:
    return tag_of(docker_engine, *BASES)


@pytest.fixture(scope="session")
def plugin() -> Iterator[Plugin]:
    remove_leftovers(PREFIX)
    with running() as plugin:
        yield plugin
    remove_leftovers(PREFIX)


@pytest.fixture
def serving(base_image: str) -> dict[str, Any]:
    """Inputs of a container that answers its health check within a second."""
    connect = "import socket;socket.create_connection(('127.0.0.1', 8000), 2)"
    return {
        "name": f"{PREFIX}-serving",
        "image": base_image,
        "command": ["python3", "-m", "http.server", "-b", "127.0.0.1", "8000"],
        "user": "10001:10001",
        "readOnly": True,
        "capabilities": {"drops": ["ALL"]},
        "memory": 64,
        "memorySwap": 128,
        "cpus": "0.5",
        "envs": ["A=1", "B=2"],
        "tmpfs": {"/tmp": "size=1m,mode=1777"},  # noqa: S108  the container's own
        "restart": "unless-stopped",
        "healthcheck": {"tests": ["CMD", "python3", "-c", connect], "interval": "60s"},
        "wait": True,
        "waitTimeout": 30,
        "destroyGraceSeconds": 1,
    }
