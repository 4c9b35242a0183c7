"""The list with verbs that only pretend; tests/e2e/test_09_local.py runs it for real."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from pathlib import Path
from threading import Thread

import pytest

from kaldra.cli import build, checklist, containers, down, kubectl, up
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.errors import ConfigurationError, KaldraError
from kaldra.stack.settings import Settings
from kaldra.toolchain import engine
from kaldra.toolchain.findings import Finding
from tests.platform.fake_docker import FakeDocker

STATUS = {"status": "KALDRA API Gateway online", "version": "0.1.0"}
IMAGES = {
    f"GET /images/kaldra-{s}:dev/json": {"Id": f"sha256:{s}".ljust(40, "0")}
    for s in ("core", "api")
}
CONTAINERS = [f"GET /containers/kaldra-{s}/json" for s in ("core", "api")]
HEALTHY = {"State": {"Running": True, "Health": {"Status": "healthy"}}}


class World:
    """What the verbs do, and what broke."""

    def __init__(self, docker: FakeDocker, state: Path) -> None:
        self.docker = docker
        self.state = state
        self.done: list[str] = []
        self.broken = ""
        self.said = StringIO()

    def verb(self, name: str) -> None:
        self.done.append(name)
        if self.broken == name:
            raise KaldraError(f"{name} failed", hint=f"fix {name}")
        if name == "up":
            self.docker.answers |= dict.fromkeys(CONTAINERS, HEALTHY)
        if name == "down":
            for key in CONTAINERS:
                self.docker.answers.pop(key, None)
        if name == "build":
            self.docker.answers |= IMAGES

    def check(self, stack: str = "local") -> bool:
        return checklist.Checklist(Console(self.said), stack, assume_yes=False).run()


@contextmanager
def answering(document: object) -> Iterator[int]:
    """A gateway that answers one thing."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(document).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base's name
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def world(docker: FakeDocker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("KALDRA_STATE", str(tmp_path))
    (tmp_path / ".env").write_text("ENV=dev\n")
    monkeypatch.setenv("KALDRA_ENV_FILE", str(tmp_path / ".env"))
    docker.answers["GET /_ping"] = "OK"
    world = World(docker, tmp_path)
    for verb in (up, down, build):
        name = verb.__name__.rpartition(".")[2]
        monkeypatch.setattr(verb, "run", lambda *_, _name=name, **__: world.verb(_name))
    found = Finding("Docker Engine", "27", "here")
    monkeypatch.setattr(engine, "check_engine", lambda: found)
    with answering(STATUS) as port:
        settings = Settings(target="local", api_port=port)
        opened = lambda _cls, stack: Workspace(stack, settings)  # noqa: E731
        monkeypatch.setattr(Workspace, "open", classmethod(opened))
        yield world


def printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_when_all_hold_seven_lines_say_so(world: World, capsys):
    assert world.check()
    lines = printed(capsys)
    assert [line[:4] for line in lines] == [f"✔ {n}." for n in range(1, 8)]
    assert "KALDRA API Gateway online" in lines[4]
    assert world.done == ["up", "down", "build"]


def test_a_stack_that_was_up_is_up_again_at_the_end(world: World, capsys):
    checkpoint = Workspace.open("local").checkpoint
    checkpoint.parent.mkdir(parents=True)
    checkpoint.write_text(json.dumps({"checkpoint": {"latest": {"resources": [{}]}}}))
    assert world.check()
    assert world.done == ["up", "down", "build", "up"]


@pytest.mark.parametrize(("verb", "crosses"), [("up", "3456"), ("down", "6"), ("build", "7")])
def test_a_verb_that_fails_is_crossed_with_its_fix(world: World, capsys, verb: str, crosses: str):
    world.broken = verb
    assert not world.check()
    lines = printed(capsys)
    assert "".join(line[2] for line in lines if line.startswith("✘")) == crosses
    assert f"     → fix {verb}" in lines


def test_without_an_env_file_the_fix_is_to_copy_the_example(world: World, capsys):
    (world.state / ".env").unlink()
    assert not world.check()
    lines = printed(capsys)
    assert f"✘ 2. The configuration is there and valid: There is no {world.state}/.env." in lines
    assert "     → cp .env.example .env" in lines


def test_without_docker_the_first_is_crossed(world: World, capsys, monkeypatch):
    finding = Finding("Docker Engine", problem="it does not run", fix="./kaldra up")
    monkeypatch.setattr(engine, "check_engine", lambda: finding)
    assert not world.check()
    assert printed(capsys)[:2] == [
        "✘ 1. Docker answers and can build: it does not run",
        "     → ./kaldra up",
    ]


def test_settings_that_are_wrong_are_crossed_and_nothing_is_tried(
    world: World, capsys, monkeypatch
):
    def broken(_cls: type, _stack: str) -> Workspace:
        raise ConfigurationError("Setting kaldra:apiPort is wrong", hint="pulumi config set")

    monkeypatch.setattr(Workspace, "open", classmethod(broken))
    assert not world.check()
    assert [line[:4] for line in printed(capsys) if line[0] in "✔✘"][1:6] == [
        f"✘ {n}." for n in range(2, 7)
    ]
    assert world.done == ["build"]


def test_a_container_that_is_not_healthy_is_crossed(world: World, capsys, monkeypatch):
    def half(*_: object, **__: object) -> None:
        world.docker.answers[CONTAINERS[0]] = HEALTHY

    monkeypatch.setattr(up, "run", half)
    assert not world.check()
    assert "✘ 4. kaldra-core and kaldra-api run: Container kaldra-api is not there." in printed(
        capsys
    )


def test_an_answer_of_something_else_is_crossed(world: World, capsys, monkeypatch):
    with answering({"hello": "world"}) as port:
        settings = Settings(target="local", api_port=port)
        opened = lambda _cls, stack: Workspace(stack, settings)  # noqa: E731
        monkeypatch.setattr(Workspace, "open", classmethod(opened))
        assert not world.check()
    crossed = [line for line in printed(capsys) if line.startswith("✘ 5.")]
    assert crossed[0].endswith('/status/ answers {"hello": "world"}')


def test_what_down_leaves_is_named(world: World, capsys):
    world.docker.answers["GET /networks/kaldra"] = {"Id": "n"}
    assert not world.check()
    assert any("Left behind: network kaldra." in line for line in printed(capsys))


def test_pods_of_both_services_have_to_be_ready(world: World, capsys, monkeypatch):
    def pod(name: str, ready: str) -> dict[str, object]:
        labels = {"app.kubernetes.io/name": name}
        conditions = [{"type": "Ready", "status": ready}]
        return {"metadata": {"labels": labels}, "status": {"conditions": conditions}}

    pods = [pod("kaldra-core", "True"), pod("kaldra-api", "False")]
    monkeypatch.setattr(kubectl, "read", lambda *_: json.dumps({"items": pods}))
    workspace = Workspace("dev", Settings(target="dev"))
    with pytest.raises(KaldraError, match="No pod of kaldra-api is ready"):
        checklist._ready_pods(workspace)
    pods.append(pod("kaldra-api", "True"))
    assert (
        checklist._ready_pods(workspace)
        == "kaldra-core in 1 ready pods, kaldra-api in 1 ready pods"
    )


def test_what_others_use_is_never_taken_down(world: World, capsys, monkeypatch):
    settings = Settings.model_construct(target="staging")
    opened = lambda _cls, stack: Workspace(stack, settings)  # noqa: E731
    monkeypatch.setattr(Workspace, "open", classmethod(opened))
    assert not world.check("staging")
    assert world.done == ["build"]


def test_the_verb_fails_when_one_does_not_hold(world: World, capsys):
    world.broken = "build"
    with pytest.raises(SystemExit) as caught:
        checklist.run(Console(world.said), stack="local", assume_yes=False)
    assert caught.value.code == 1
    assert "Not everything on the list holds." in world.said.getvalue()
    assert containers.names(Workspace.open("local")) == ["kaldra-core", "kaldra-api"]
