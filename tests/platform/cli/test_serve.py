"""`./kaldra serve`; tests/e2e/test_12_contract.py runs it whole."""

import dataclasses
import os
import re
import signal
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from io import StringIO
from pathlib import Path
from unittest import mock

import httpx2
import pytest

from kaldra.cli import serve
from kaldra.cli.serve import Program, Supervisor
from kaldra.cli.ui import Console
from kaldra.errors import ConfigurationError, KaldraError
from kaldra.paths import REPO
from kaldra.stack.dotenv import names
from tests.conftest import unused_port
from tests.serving.reloading import Small

pytestmark = pytest.mark.usefixtures("interruptible")


class Bare:
    """What is given to `serve`, and what it would run."""

    def __init__(self, folder: Path) -> None:
        self.env_file, self.state = folder / "env", folder / "state"
        self.said = StringIO()
        self.core, self.api = unused_port(), unused_port()

    def serve(self, service: str, *lines: str, reload: bool = False) -> dict[str, Program]:
        ports = (f"CORE_PORT={self.core}", f"API_PORT={self.api}")
        self.env_file.write_text("\n".join([*ports, *lines]))
        with mock.patch.object(Supervisor, "run", autospec=True) as run:
            serve.run(Console(self.said), service=service, reload=reload)
        return {one.name: one for one in run.call_args.args[0]._all}


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bare:
    for name in names():
        monkeypatch.delenv(name, raising=False)
    bare = Bare(tmp_path)
    monkeypatch.setenv("KALDRA_STATE", str(bare.state))
    monkeypatch.setenv("KALDRA_ENV_FILE", str(bare.env_file))
    return bare


def test_a_reloaded_one_is_watched_with_all_that_it_is_made_of(bare: Bare):
    programs = bare.serve("all", reload=True).items()
    assert {name: [f.relative_to(REPO).as_posix() for f in p.folders] for name, p in programs} == {
        "kaldra-core": ["core", "contract", "serving", "data"],
        "kaldra-api": ["app", "contract", "serving"],
    }


def test_the_gateway_of_both_uses_the_core_beside_it(bare: Bare):
    programs = bare.serve("all", "CORE_SERVICE_URL=http://kaldra-core:9000")
    own = f"http://127.0.0.1:{bare.core}"
    assert programs["kaldra-api"].environment["CORE_SERVICE_URL"] == own
    assert f"uses the core at {own}; http://kaldra-core:9000" in bare.said.getvalue()


def test_the_gateway_alone_uses_the_core_it_is_told(bare: Bare):
    programs = bare.serve("api", "CORE_SERVICE_URL=http://elsewhere:9000")
    assert "CORE_SERVICE_URL" not in programs["kaldra-api"].environment
    assert programs.keys() == {"kaldra-api"}


def test_callers_use_the_key_of_the_clone_s_stacks(bare: Bare):
    environment = bare.serve("api")["kaldra-api"].environment
    key = Path(environment["KALDRA_API_KEYS_DIR"], "dev").read_text()
    assert key in (bare.state / "dev-secrets.json").read_text()
    assert str(bare.state / "dev-secrets.json") in bare.said.getvalue()
    assert key not in bare.said.getvalue()


@pytest.mark.parametrize(
    ("service", "line"),
    [("core", ""), ("api", "KALDRA_AUTH=off"), ("api", "KALDRA_API_KEYS_DIR=/keys")],
)
def test_no_key_is_made_where_none_is_needed(bare: Bare, service: str, line: str):
    programs = bare.serve(service, line)
    assert programs.keys() == {f"kaldra-{service}"}
    assert "KALDRA_API_KEYS_DIR" not in programs[f"kaldra-{service}"].environment
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


LASTING = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (note("ended"), sys.exit(0)))
note("started")
while True: time.sleep(0.01)
"""
STUBBORN = LASTING.replace('(note("ended"), sys.exit(0))', 'note("asked")')


class Stage:
    """Programs that note what happens to them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said = StringIO()

    def program(self, name: str, code: str = LASTING) -> Program:
        notes = self.folder / f"{name}.notes"
        notes.touch()
        head = f"def note(what): print(what, file=open({str(notes)!r}, 'a'))\n"
        return Program(name, (sys.executable, "-c", head + code), {})

    def notes(self, name: str) -> list[str]:
        return (self.folder / f"{name}.notes").read_text().split()

    def run(self, *programs: Program, meanwhile: Iterable[None] = ()) -> None:
        Supervisor(programs, Console(self.said)).run(iter(meanwhile))


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


@pytest.fixture
def small(tmp_path: Path, free_port: int) -> Small:
    return Small(tmp_path, free_port, copy=False, KALDRA_DRAIN_SECONDS="0")


def reloadable(small: Small) -> Program:
    folders = [small.image / "small"]
    return Program("b", small.command, small.environment, small.receive, folders)


def once(condition: Callable[[], bool], number: int = signal.SIGINT) -> Iterator[None]:
    """Send a signal as soon as a condition is met."""
    while not condition():
        yield
    os.kill(os.getpid(), number)


def answers(small: Small, text: str) -> bool:
    try:
        return httpx2.get(f"{small.url}/answer", timeout=30).text == text
    except httpx2.TransportError:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_all_gracefully(stage: Stage, number: signal.Signals):
    started = once(lambda: stage.notes("a") == stage.notes("b") == ["started"], number)
    stage.run(stage.program("a"), stage.program("b"), meanwhile=started)
    assert stage.notes("a") == stage.notes("b") == ["started", "ended"]


def test_a_hangup_stays_ignored_as_under_nohup(stage: Stage):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    stage.run(stage.program("a"), meanwhile=once(lambda: True))
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_one_that_dies_ends_the_other_and_is_named(stage: Stage):
    fatal = f"""
import sys, time
while "started" not in open({str(stage.folder / "b.notes")!r}).read(): time.sleep(0.01)
sys.exit(3)
"""
    with pytest.raises(KaldraError) as caught:
        stage.run(stage.program("a", fatal), stage.program("b"))
    assert str(caught.value) == "a exited (exit code 3); b was stopped."
    assert caught.value.exit_code == 1
    assert stage.notes("b") == ["started", "ended"]


def test_a_signal_that_kills_one_is_named(stage: Stage):
    fatal = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    with pytest.raises(KaldraError, match=r"^a exited \(SIGKILL\)\.$"):
        stage.run(stage.program("a", fatal))


def test_one_that_does_not_end_in_time_is_killed(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(serve, "GRACE_SECONDS", 0.2)
    started = once(lambda: stage.notes("a") == ["started"])
    stage.run(stage.program("a", STUBBORN), meanwhile=started)
    assert stage.notes("a") == ["started", "asked"]


def test_a_change_is_reloaded_and_its_fault_is_told(stage: Stage, small: Small):
    def edits() -> Iterator[None]:
        while not answers(small, "first"):
            yield
        small.edit("second")
        while not answers(small, "second"):
            yield
        small.code.write_text("def broken(:")
        yield from once(lambda: "goes on serving" in stage.said.getvalue())

    stage.run(stage.program("a"), reloadable(small), meanwhile=edits())
    assert stage.notes("a") == ["started", "ended"]
    said = stage.said.getvalue()
    assert re.search(r"small/answer.py → b · \d+\.\d s", said)
    assert "✗ small/answer.py, line 1: SyntaxError" in said


def test_one_that_cannot_be_reloaded_is_named(stage: Stage, small: Small):
    deaf = (sys.executable, "-c", "import sys; sys.exit('no socket')")

    def edits() -> Iterator[None]:
        while not answers(small, "first"):
            yield
        small.edit("second")

    with pytest.raises(KaldraError, match="b runs, but cannot be reloaded: no socket"):
        stage.run(dataclasses.replace(reloadable(small), receiver=deaf), meanwhile=edits())


def test_one_that_ended_starts_when_a_file_changes(stage: Stage, small: Small):
    small.code.write_text("raise SystemExit(1)")

    def edits() -> Iterator[None]:
        while "b exited (exit code 1)" not in stage.said.getvalue():
            yield
        small.edit("second")
        yield from once(lambda: answers(small, "second"))

    stage.run(reloadable(small), meanwhile=edits())
    assert stage.said.getvalue().count("b exited") == 1
