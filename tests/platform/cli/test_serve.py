"""`./kaldra serve` up to what it would run; tests/e2e/test_12_contract.py runs it."""

import socket
from io import StringIO
from pathlib import Path

import pytest

from kaldra.cli import serve
from kaldra.cli.supervisor import Program, Supervisor
from kaldra.cli.ui import Console
from kaldra.errors import ConfigurationError
from kaldra.paths import REPO
from kaldra.stack.dotenv import names
from tests.conftest import unused_port


class Bare:
    """What is given to `serve`, and what it would run."""

    def __init__(self, env_file: Path, state: Path) -> None:
        self.env_file = env_file
        self.state = state
        self.said = StringIO()
        self.core, self.api = unused_port(), unused_port()
        self.programs: dict[str, Program] = {}

    def serve(self, service: str, *lines: str, reload: bool = False) -> None:
        ports = (f"CORE_PORT={self.core}", f"API_PORT={self.api}")
        self.env_file.write_text("\n".join([*ports, *lines]))
        serve.run(Console(self.said), service=service, reload=reload)


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bare:
    for name in names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KALDRA_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("KALDRA_ENV_FILE", str(tmp_path / "env"))
    bare = Bare(tmp_path / "env", tmp_path / "state")

    def run(supervisor: Supervisor, tick: object) -> None:
        bare.programs = {one.name: one for one in supervisor._all}

    monkeypatch.setattr(Supervisor, "run", run)
    return bare


def test_a_reloaded_one_is_watched_with_all_that_it_is_made_of(bare: Bare):
    bare.serve("all", reload=True)
    watched = {
        name: ([folder.relative_to(REPO).as_posix() for folder in program.folders])
        for name, program in bare.programs.items()
    }
    assert watched == {
        "kaldra-core": ["core", "contract", "serving", "data"],
        "kaldra-api": ["app", "contract", "serving"],
    }


def test_the_gateway_of_both_uses_the_core_beside_it(bare: Bare):
    bare.serve("all", "CORE_SERVICE_URL=http://kaldra-core:9000")
    own = f"http://127.0.0.1:{bare.core}"
    assert bare.programs["kaldra-api"].environment["CORE_SERVICE_URL"] == own
    assert f"uses the core at {own}; http://kaldra-core:9000" in bare.said.getvalue()


def test_the_gateway_alone_uses_the_core_it_is_told(bare: Bare):
    bare.serve("api", "CORE_SERVICE_URL=http://elsewhere:9000")
    assert "CORE_SERVICE_URL" not in bare.programs["kaldra-api"].environment
    assert bare.programs.keys() == {"kaldra-api"}


def test_callers_use_the_key_of_the_clone_s_stacks(bare: Bare):
    bare.serve("api")
    folder = Path(bare.programs["kaldra-api"].environment["KALDRA_API_KEYS_DIR"])
    assert (folder / "dev").read_text() in (bare.state / "dev-secrets.json").read_text()
    assert str(bare.state / "dev-secrets.json") in bare.said.getvalue()
    assert (folder / "dev").read_text() not in bare.said.getvalue()


@pytest.mark.parametrize(
    ("service", "line"),
    [("core", ""), ("api", "KALDRA_AUTH=off"), ("api", "KALDRA_API_KEYS_DIR=/keys")],
)
def test_no_key_is_made_where_none_is_needed(bare: Bare, service: str, line: str):
    bare.serve(service, line)
    assert bare.programs.keys() == {f"kaldra-{service}"}
    assert "KALDRA_API_KEYS_DIR" not in bare.programs[f"kaldra-{service}"].environment
    assert not bare.state.exists()


@pytest.mark.parametrize("service", ["core", "api"])
def test_a_port_that_is_taken_is_told_with_who_has_it(bare: Bare, service: str, no_docker):
    port = bare.core if service == "core" else bare.api
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(ConfigurationError, match=r"taken by .+ \(process \d+\)") as caught,
    ):
        bare.serve("all")
    assert f"Port {port} on 127.0.0.1, which kaldra-{service} needs" in str(caught.value)
    assert caught.value.hint.endswith(f"set {service.upper()}_PORT to another port in .env")
