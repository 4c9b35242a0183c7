from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kaldra.toolchain import docker_cli, docker_client
from tests.fakes import programs
from tests.fakes.docker import FakeDocker, fake_docker


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDocker]:
    """A Docker Engine that is only a socket."""
    with fake_docker(tmp_path) as engine:
        monkeypatch.setenv("DOCKER_HOST", f"unix://{engine.socket}")
        docker_client.disconnect()
        yield engine
        docker_client.disconnect()


@pytest.fixture
def no_docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address where no engine listens."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    docker_client.disconnect()


@pytest.fixture
def docker_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes the docker program of a shell script."""

    def make(script: str) -> None:
        found = programs.program(tmp_path / "docker-script", script)
        monkeypatch.setattr(docker_cli, "buildkit_client", lambda: found)

    return make


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A KALDRA_HOME of the test's own."""
    monkeypatch.setenv("KALDRA_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"
