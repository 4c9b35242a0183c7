import socket

import pytest

from kaldra.cli import containers, health
from kaldra.cli.workspace import Workspace
from kaldra.stack.settings import Settings
from tests.fakes.docker import FakeDocker


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch, free_port: int) -> Workspace:
    monkeypatch.setattr(containers, "PROBED_SECONDS", 1)
    monkeypatch.setattr(containers, "LOOK_SECONDS", 0)
    return Workspace("try", Settings(target="local", namespace="mine", api_port=free_port))


def container(health: str = "healthy", *, running: bool = True, port: int = 0) -> dict[str, object]:
    ports = {"8000/tcp": [{"HostPort": str(port)}], "9000/tcp": None}
    return {
        "Image": "sha256:0123456789abcdef",
        "RestartCount": 0,
        "State": {"Running": running, "Status": "running", "Health": {"Status": health}},
        "NetworkSettings": {"Ports": ports},
    }


@pytest.fixture
def two(docker: FakeDocker) -> FakeDocker:
    docker.answers["GET /_ping"] = "OK"
    for name in ("mine-core", "mine-api"):
        docker.answers[f"GET /containers/{name}/json"] = container()
    return docker


@pytest.mark.parametrize(
    ("core", "line"),
    [
        ({**container(), "State": {"Paused": True}}, "✗ mine-core  0/1 ready  paused"),
        (container("unhealthy"), "✗ mine-core  0/1 ready  unhealthy, 0123456789ab"),
        ({**container("starting"), "RestartCount": 3}, "✗ mine-core  0/1 ready  starting, restart"),
        (None, "✗ mine-core  0/1 ready  does not exist"),
    ],
)
def test_one_that_is_not_well_is_told(workspace, two, core, line):
    two.answers["GET /containers/mine-core/json"] = core
    assert str(health.workloads(workspace)[0]).startswith(line)


def test_one_that_has_just_started_is_waited_for(workspace, two):
    looked = iter([container("starting"), container("starting"), container()])
    two.answers["GET /containers/mine-core/json"] = lambda _body: next(looked)
    assert health.workloads(workspace)[0].well


def test_the_port_may_be_the_gateway_s_own(workspace, two):
    port = workspace.settings.api_port
    two.answers["GET /containers/mine-api/json"] = container(port=port)
    with socket.create_server(("127.0.0.1", port)):
        containers.require_port(workspace)
