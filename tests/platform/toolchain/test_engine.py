import dataclasses
import hashlib
import json
import os
import re
import socket
import sys
from contextlib import nullcontext
from pathlib import Path

import docker
import pytest
from docker.context import Context

from kaldra.errors import ConfigurationError, KaldraError
from kaldra.paths import REPO
from kaldra.toolchain import docker_client, engine, inventory
from tests.fakes.programs import program
from tests.fakes.progress import QuietProgress
from tests.platform.toolchain.conftest import LINUX

FAKE_DOCKERD = f"""\
#!{sys.executable}
import pathlib, signal, sys

sys.path.insert(0, {str(REPO)!r})
from tests.fakes.docker import fake_docker

with fake_docker(pathlib.Path(__file__).parents[1]) as engine:
    engine.answers["GET /containers/json"] = []
    signal.pause()
"""


@pytest.fixture
def here(monkeypatch, cache):
    """Sets the facts of the machine."""

    def be(**facts) -> None:
        found = dataclasses.replace(LINUX, **facts)
        monkeypatch.setattr(engine, "machine", lambda: found)

    be()
    return be


@pytest.fixture
def silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which no engine answers; returns the socket where one would."""
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    socket = tmp_path / "docker.sock"
    monkeypatch.setattr(
        docker.ContextAPI, "DEFAULT_CONTEXT", Context("default", host=f"unix://{socket}")
    )
    docker_client.disconnect()
    monkeypatch.setattr(engine, "SYSTEM_PID_FILES", {tmp_path / "docker.pid": "dockerd"})
    return socket


def test_an_engine_that_another_user_may_talk_to_is_told(monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    docker_client.disconnect()
    monkeypatch.setattr(socket.socket, "connect", refuse)
    with pytest.raises(KaldraError, match="may not access it") as raised:
        engine.engine_version()
    assert "usermod -aG docker" in raised.value.hint


@pytest.mark.parametrize(
    ("facts", "message", "hint"),
    [
        ({"root": False}, "needs root", "sudo apt-get install -y docker.io"),
        ({"debian": False}, "not of the Debian family", "Install Docker Engine"),
        ({"system": "darwin", "debian": False}, "not of the Debian family", "Docker Desktop"),
    ],
)
def test_without_the_right_to_install_the_command_is_told(
    silence, here, clients, facts, message, hint
):
    here(**facts)
    with pytest.raises(ConfigurationError, match=message) as raised:
        engine.ensure_engine(QuietProgress(), assume_yes=True)
    assert hint in raised.value.hint
    assert raised.value.exit_code == 2


@pytest.mark.parametrize(
    ("terminal", "assume_yes", "answer", "installs"),
    [
        (False, False, None, True),
        (True, True, None, True),
        (True, False, "y", True),
        (True, False, "", False),
        (True, False, "no", False),
    ],
)
def test_installing_asks_on_a_terminal_only(
    here, monkeypatch, terminal, assume_yes, answer, installs
):
    here(terminal=terminal)
    installed = []
    monkeypatch.setattr(engine, "install_packages", lambda packages, _: installed.append(packages))
    monkeypatch.setattr("builtins.input", lambda _question: answer)
    refused = pytest.raises(ConfigurationError, match="was not installed")
    with nullcontext() if installs else refused:
        engine._install(QuietProgress(), assume_yes=assume_yes)
    assert installed == ([engine.DEBIAN_PACKAGES] if installs else [])


@pytest.fixture
def dockerd(tmp_path, silence, clients) -> Path:
    return program(tmp_path / "bin" / "dockerd", FAKE_DOCKERD)


def test_an_engine_that_is_installed_is_started_and_stopped_again(dockerd, here, tmp_path):
    (tmp_path / "docker.pid").write_text("1\n")

    engine.ensure_engine(QuietProgress(), assume_yes=False)

    assert engine.engine_version() == "20.10.24"
    assert not (tmp_path / "docker.pid").exists()
    pid = engine.started_engine()
    assert pid
    assert os.getsid(pid) == pid
    engine.ensure_engine(QuietProgress(), assume_yes=False)
    assert engine.started_engine() == pid

    assert engine.stop_engine(QuietProgress())
    assert engine.started_engine() is None
    assert not engine.stop_engine(QuietProgress())


def test_an_engine_that_is_coming_up_is_not_started_twice(dockerd, here, silence, monkeypatch):
    engine.ensure_engine(QuietProgress(), assume_yes=False)
    silent = iter([None, None, None])
    monkeypatch.setattr(engine, "engine_version", lambda: next(silent, "20.10.24"))
    monkeypatch.setattr(engine, "_start_detached", lambda _here: pytest.fail("started twice"))
    engine.ensure_engine(QuietProgress(), assume_yes=False)
    engine.stop_engine(QuietProgress())


def test_an_engine_that_hangs_is_told_apart_from_one_that_is_away(tmp_path, monkeypatch):
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(path))
        deaf.listen()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
        monkeypatch.setattr(docker_client, "TIMEOUT_SECONDS", 0.1)
        docker_client.disconnect()
        with pytest.raises(KaldraError, match="did not respond in time"):
            engine.engine_version()


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("no space left on device", "See "),
        (f"panic: out of range: {engine.NETWORK_PANIC}(0x5)", "A network was half deleted: rm "),
    ],
)
def test_an_engine_that_dies_at_once_shows_its_log(dockerd, here, said, hint):
    program(dockerd, f"echo '{said}' >&2; exit 1")
    with pytest.raises(KaldraError, match=re.escape(said)) as caught:
        engine.ensure_engine(QuietProgress(), assume_yes=False)
    assert caught.value.hint.startswith(hint)


def test_an_engine_that_runs_something_is_not_stopped(docker, cache, monkeypatch):
    docker.answers["GET /containers/json"] = [{"Names": ["/precious"]}]
    monkeypatch.setattr(engine, "started_engine", os.getpid)
    assert not engine.stop_engine(QuietProgress())


def test_a_process_that_took_over_the_number_is_not_ours(cache):
    engine._folder().mkdir(parents=True)
    engine._pid_file().write_text(f"{os.getpid()}\n")
    assert engine.started_engine() is None


def test_a_reduced_host_gets_the_runtime_beside_the_users_settings(tmp_path, monkeypatch):
    own = tmp_path / "etc" / "daemon.json"
    own.parent.mkdir()
    own.write_text(json.dumps({"debug": True, "runtimes": {"crun": {"path": "/usr/bin/crun"}}}))
    monkeypatch.setattr(engine, "DAEMON_CONFIGURATION", own)

    written = json.loads(engine._reduced_configuration(tmp_path).read_text())

    assert written["debug"] is True
    assert written["default-runtime"] == engine.REDUCED_RUNTIME
    assert set(written["runtimes"]) == {"crun", engine.REDUCED_RUNTIME}
    assert os.access(written["runtimes"][engine.REDUCED_RUNTIME]["path"], os.X_OK)
    assert json.loads(own.read_text())["runtimes"] == {"crun": {"path": "/usr/bin/crun"}}


@pytest.mark.parametrize("variable", [False, True])
def test_the_chosen_context_names_the_engine(tmp_path, monkeypatch, variable):
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    if variable:
        monkeypatch.setenv("DOCKER_CONTEXT", "colima")
    current = {} if variable else {"currentContext": "colima"}
    (tmp_path / "config.json").write_text(json.dumps(current))
    meta = tmp_path / "contexts/meta" / hashlib.sha256(b"colima").hexdigest() / "meta.json"
    meta.parent.mkdir(parents=True)
    endpoints = {"docker": {"Host": "unix:///colima.sock"}}
    meta.write_text(json.dumps({"Name": "colima", "Metadata": {}, "Endpoints": endpoints}))
    assert docker_client.address() == "unix:///colima.sock"


@pytest.mark.parametrize(
    ("host", "context", "told"),
    [
        ("", "elsewhere", "docker context elsewhere does not exist"),
        ("tcp://", "", "address tcp:// cannot be used: .*Invalid bind address format"),
        ("engine", "", "address engine cannot be used: .*port is required"),
        ("ssh://user@host", "", "address ssh://user@host cannot be used: .*SSH are not supported"),
    ],
)
def test_a_context_or_an_address_that_cannot_be_used_is_named(host, context, told):
    with pytest.raises(ConfigurationError, match=told):
        docker_client.connect({"DOCKER_HOST": host, "DOCKER_CONTEXT": context})


@pytest.mark.parametrize(
    ("said", "hint"),
    [("network exists", ""), ("could not find an IPv4 address pool", "docker network prune")],
)
def test_a_refusal_is_told_in_the_engines_words_with_what_helps(docker, said, hint):
    docker.answers["POST /networks/create"] = (500, {"message": said})
    refused = pytest.raises(KaldraError, match=f"Docker refused: {said}")
    with refused as raised, docker_client.engine() as api:
        api.create_network("x")
    assert raised.value.hint.partition("  ")[0] == hint


def test_podman_is_named(docker, here, clients):
    components = [{"Name": "Podman Engine", "Version": "5.2"}]
    docker.answers["GET /version"] |= {"Components": components}
    with pytest.raises(ConfigurationError, match="is Podman, which is not supported") as raised:
        engine.ensure_engine(QuietProgress(), assume_yes=True)
    assert "export DOCKER_HOST=" in raised.value.hint


def test_the_doctor_tells_an_address_where_nothing_answers(no_docker, here, clients):
    finding = inventory.check_engine()
    assert finding.problem.startswith("nothing answers at DOCKER_HOST=")
    assert finding.fix == "start it, or: unset DOCKER_HOST"


@pytest.mark.parametrize(
    ("installed", "problem"),
    [(True, "it is installed, but does not run"), (False, "it is not installed")],
)
def test_the_doctor_tells_an_engine_that_does_not_run(
    silence, here, clients, tmp_path, installed, problem
):
    if installed:
        program(tmp_path / "bin" / "dockerd", "")
    assert inventory.check_engine().problem == problem
    assert inventory.check_engine().fix == "./kaldra up"
