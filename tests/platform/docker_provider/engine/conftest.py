from collections.abc import Iterator
from typing import Any

import pytest
from docker import APIClient
from docker.errors import APIError

from kaldra.toolchain import docker_client
from tests.platform.docker_provider.engine.plugin import Plugin, running

PREFIX = "kaldra-provider-test"
BASES = ("kaldra/base:", "python:")
"""Images with Python that `./kaldra` installs on each route."""


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[APIClient]:
    """The real engine; what the tests leave is removed."""
    api = docker_client.connect()
    yield api
    _remove(api)
    api.close()


def _remove(api: APIClient) -> None:
    for found in api.containers(all=True, filters={"name": PREFIX}):
        api.remove_container(found["Id"], force=True)
    for network in api.networks(filters={"name": PREFIX}):
        api.remove_network(network["Id"])
    for image in api.images(filters={"reference": [f"{PREFIX}*", f"*/{PREFIX}*"]}):
        for tag in image["RepoTags"] or []:
            try:
                api.remove_image(tag, force=True)
            except APIError:
                continue


@pytest.fixture(scope="session")
def base_image(docker_engine: APIClient) -> str:
    tags = [tag for image in docker_engine.images() for tag in image["RepoTags"] or []]
    return next(tag for tag in sorted(tags) if tag.startswith(BASES))


@pytest.fixture(scope="session")
def plugin(docker_engine: APIClient) -> Iterator[Plugin]:
    _remove(docker_engine)
    with running() as plugin:
        yield plugin


@pytest.fixture
def serving(base_image: str) -> dict[str, Any]:
    """Inputs of a container that answers its health check within a second."""
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
        "healthcheck": {
            "tests": [
                "CMD",
                "python3",
                "-c",
                "import socket;socket.create_connection(('127.0.0.1', 8000), 2)",
            ],
            "interval": "60s",
        },
        "wait": True,
        "waitTimeout": 30,
        "destroyGraceSeconds": 1,
    }
