from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kaldra.toolchain import docker_cli, probe, tools
from kaldra.toolchain.machine import Machine
from tests.fakes import programs
from tests.fakes.publishers import Publishers, publishers

LINUX = Machine(
    system="linux",
    arch="amd64",
    root=True,
    debian=True,
    systemd=False,
    terminal=False,
    missing_capabilities=(),
    cgroup=2,
    ca_bundle=None,
)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Publishers]:
    """All publishers are a local file server."""
    with publishers() as server:
        monkeypatch.setenv("KALDRA_PUBLISHERS_URL", server.url)
        monkeypatch.delenv("http_proxy", raising=False)
        yield server


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody answers for any publisher."""
    monkeypatch.setenv("KALDRA_PUBLISHERS_URL", "http://127.0.0.1:9")


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A KALDRA_STATE of the test's own."""
    monkeypatch.setenv("KALDRA_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def linux(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tools are those of an ordinary machine."""
    monkeypatch.setattr(tools, "machine", lambda: LINUX)


@pytest.fixture
def fresh_route(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No route was ever found on this machine."""
    monkeypatch.delenv("KALDRA_ROUTE", raising=False)
    probe.route.cache_clear()
    yield
    probe.route.cache_clear()


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str, str], Path]:
    """Writes an executable shell script: folder below the test's own, text → path."""

    return lambda name, text: programs.program(tmp_path / name, text)


@pytest.fixture
def clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path) -> Path:
    """A machine whose only docker client has BuildKit inside."""
    monkeypatch.setattr(docker_cli, "BUILDX_FOLDERS", (str(tmp_path / "plugins"),))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.setattr(docker_cli, "CLIENTS", ())
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return programs.client(tmp_path / "bin", "20.10.24")
