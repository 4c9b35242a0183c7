import hashlib
import json
import threading

import pytest

from kaldra.errors import ConfigurationError
from kaldra.plugins.docker import credentials, registry
from kaldra.plugins.docker.address import Address, resolve
from kaldra.plugins.docker.differences import nanoseconds
from kaldra.plugins.docker.engine import CancelledError, Engine, EngineError, UnreachableError
from kaldra.plugins.docker.provider import DockerProvider
from kaldra.plugins.host import Host
from tests.platform.plugins.docker_fakes import engine_at
from tests.platform.plugins.engine import CallFailedError, serving, urn


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty home: no environment, no settings of the user's."""
    for name in ("DOCKER_HOST", "DOCKER_CERT_PATH", "DOCKER_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_the_programs_address_comes_before_the_environments(home, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///environment.sock")
    assert resolve({"host": "unix:///program.sock"}).host == "unix:///program.sock"
    assert resolve({}).host == "unix:///environment.sock"


def test_a_docker_context_is_looked_up(home):
    key = hashlib.sha256(b"mine").hexdigest()
    meta = home / ".docker/contexts/meta" / key
    meta.mkdir(parents=True)
    described = {"Name": "mine", "Endpoints": {"docker": {"Host": "unix:///mine.sock"}}}
    (meta / "meta.json").write_text(json.dumps(described))
    assert resolve({"context": "mine"}).host == "unix:///mine.sock"
    with pytest.raises(ConfigurationError, match="no docker context 'other'"):
        resolve({"context": "other"})


def test_certificates_are_for_tcp_alone(home, monkeypatch):
    monkeypatch.setenv("DOCKER_CERT_PATH", "/certificates")
    assert resolve({"host": "unix:///x.sock"}).certificates is None
    secured = resolve({"host": "tcp://machine:2376"})
    assert secured.environment()["DOCKER_CERT_PATH"] == "/certificates"


def test_an_address_of_another_kind_is_refused(home):
    with pytest.raises(ConfigurationError, match="ssh://machine"):
        resolve({"host": "ssh://machine"})


def test_no_engine_is_told_with_its_address(tmp_path):
    with serving(DockerProvider(Host())) as engine:
        engine.configure(host=f"unix://{tmp_path}/none.sock")
        with pytest.raises(CallFailedError) as caught:
            engine.read(urn("docker:index/network:Network", "n"), "id", ({"name": "n"}, {}))
    assert f"No Docker Engine answers at unix://{tmp_path}/none.sock" in str(caught.value)
    assert "./kaldra doctor" in str(caught.value)


@pytest.mark.parametrize("type_", ["docker:index/volume:Volume", "docker:index/tag:Tag"])
def test_other_types_are_refused_by_name(tmp_path, type_):
    with serving(DockerProvider(Host())) as engine:
        engine.configure(host=f"unix://{tmp_path}/none.sock")
        with pytest.raises(CallFailedError, match=type_):
            engine.check(urn(type_, "x"), {})


def test_settings_that_would_be_ignored_are_refused():
    provider = DockerProvider(Host())
    assert not provider.check_config({"host": "unix:///x.sock"}).failures
    assert provider.check_config({"sshOpts": "[]"}).failures[0].property == "sshOpts"


def test_a_refusal_carries_the_engines_reason(tmp_path):
    with engine_at(tmp_path / "d.sock") as fake:
        fake.refusals["/stop"] = (500, "cannot stop")
        engine = Engine(Address(f"unix://{tmp_path}/d.sock"), threading.Event())
        with pytest.raises(EngineError, match="cannot stop") as caught:
            engine.call("POST", "/containers/x/stop")
        assert caught.value.status == 500
        assert engine.find("/images/none/json") is None
        engine.remove("/containers/none")


def test_cancelling_ends_a_transfer(tmp_path):
    cancelled, release = threading.Event(), threading.Event()
    with engine_at(tmp_path / "d.sock") as fake:

        def hang(*_):
            cancelled.set()
            release.wait(30)
            return 200, []

        fake.answer = hang  # type: ignore[method-assign]
        engine = Engine(Address(f"unix://{tmp_path}/d.sock"), cancelled)
        with pytest.raises(CancelledError, match="Cancelled pushing x"):
            list(engine.stream("/images/x/push", "pushing x"))
        release.set()


def test_an_engine_that_is_not_there(tmp_path):
    engine = Engine(Address(f"unix://{tmp_path}/none.sock"), threading.Event())
    with pytest.raises(UnreachableError):
        engine.call("GET", "/version")


@pytest.mark.parametrize(
    ("server", "local"),
    [
        ("localhost:5001", True),
        ("http://localhost:5001", True),
        ("127.0.0.1", True),
        ("ghcr.io", False),
        ("localhost.example.com:5000", False),
    ],
)
def test_only_a_registry_on_this_machine_is_asked(server, local):
    assert registry.is_local(server) is local


@pytest.mark.parametrize(
    ("image", "server"),
    [
        ("localhost:5001/a/b:c", "localhost:5001"),
        ("ghcr.io/a", "ghcr.io"),
        ("library/nginx", "docker.io"),
        ("nginx:1", "docker.io"),
    ],
)
def test_the_server_of_an_image(image, server):
    assert credentials.server_of(image) == server


def test_credentials_of_a_helper(home, monkeypatch):
    helper = home / "docker-credential-test"
    helper.write_text(
        '#!/bin/sh\nread -r s\necho "{\\"Username\\":\\"$s\\",\\"Secret\\":\\"s3\\"}"\n'
    )
    helper.chmod(0o755)
    (home / ".docker").mkdir()
    (home / ".docker/config.json").write_text(json.dumps({"credsStore": "test"}))
    monkeypatch.setenv("PATH", f"{home}:/bin:/usr/bin")
    found = credentials.find("ghcr.io", {})
    assert (found["username"], found["password"]) == ("ghcr.io", "s3")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("5s", 5e9), ("1m30s", 9e10), ("500ms", 5e8), ("1.5h", 5.4e12), ("0", 0), ("0s", 0)],
)
def test_durations(text, expected):
    assert nanoseconds(text) == expected


@pytest.mark.parametrize("text", ["", "5", "s", "5 s", "5x"])
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match="is no duration"):
        nanoseconds(text)
