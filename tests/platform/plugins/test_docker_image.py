import base64
import json
import os
from collections.abc import Iterator

import pytest

from kaldra.plugins.docker.provider import DockerProvider
from kaldra.plugins.host import Host
from kaldra.plugins.protocol import provider_pb2
from kaldra.plugins.values import UNKNOWN, Props, Secret
from tests.platform.plugins.docker_fakes import (
    FakeClient,
    FakeEngine,
    FakeRegistry,
    engine_at,
    registry,
)
from tests.platform.plugins.engine import CallFailedError, Engine, serving, urn

URN = urn("docker:index/image:Image", "api")
DIGEST = f"sha256:{'d' * 64}"
NONE = provider_pb2.DiffResponse.DIFF_NONE


@pytest.fixture
def docker(tmp_path, served) -> Iterator[FakeEngine]:
    with engine_at(tmp_path / "docker.sock") as fake:
        fake.registry = served
        fake.add_image(id_="sha256:built")
        fake.pushes = [
            {"status": "Preparing", "id": "base"},
            {"status": "Layer already exists", "id": "base"},
            {"status": "Pushing", "id": "top", "progressDetail": {"current": 2048, "total": 2048}},
            {"status": "Pushed", "id": "top"},
            {"progressDetail": {}, "aux": {"Tag": "dev", "Digest": DIGEST, "Size": 500}},
        ]
        yield fake


@pytest.fixture
def served() -> Iterator[FakeRegistry]:
    with registry() as fake:
        yield fake


@pytest.fixture
def client(tmp_path, monkeypatch) -> FakeClient:
    """A docker client, and a program folder with a context beside it."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "program").mkdir()
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "app").mkdir()
    (tmp_path / "app/main.py").write_text("print()\n")
    (tmp_path / ".dockerignore").write_text("*\n!app\n")
    monkeypatch.chdir(tmp_path / "program")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "config"))
    return FakeClient(tmp_path / "bin")


@pytest.fixture
def engine(docker, client, tmp_path) -> Iterator[Engine]:
    with serving(DockerProvider(Host())) as connected:
        connected.configure(host=f"unix://{tmp_path}/docker.sock")
        yield connected


@pytest.fixture
def wanted(served) -> Props:
    return {
        "imageName": f"{served.address}/kaldra-api:dev",
        "build": {
            "context": "..",
            "dockerfile": "../Dockerfile",
            "platform": "linux/amd64",
            "args": {"BASE_IMAGE": "base:1", "KEY": Secret("hunter22")},
        },
        "registry": {"server": served.address},
        "skipPush": False,
    }


def make(engine: Engine, wanted: Props) -> tuple[Props, Props]:
    inputs = engine.check(URN, wanted)
    return inputs, engine.create(URN, inputs)[1]


def test_it_is_built_pushed_and_named_by_its_digest(engine, docker, served, client, wanted):
    inputs, state = make(engine, wanted)
    assert state["repoDigest"] == f"{served.address}/kaldra-api@{DIGEST}"
    assert state["baseImageName"] == state["imageName"] == wanted["imageName"]
    assert state["registryServer"] == served.address
    assert (state["dockerfile"], state["context"]) == ("Dockerfile", "..")
    assert state["__inputs"] == inputs
    assert "BASE_IMAGE=base:1" in client.arguments
    assert docker.asked("POST", "/push")[0][0] == {"tag": "dev"}


def test_secret_arguments_stay_secret(engine, client, wanted):
    _, state = make(engine, wanted)
    assert state["__inputs"]["build"]["args"]["KEY"] == Secret("hunter22")
    assert "hunter22" not in " ".join(client.arguments)


def test_nothing_to_do_is_no_diff_and_asks_for_no_build(engine, client, docker, wanted):
    inputs, state = make(engine, wanted)
    again = engine.check(URN, wanted, inputs)
    assert client.built
    assert engine.diff(URN, "x", (inputs, state), again).changes == NONE
    assert not client.built


def test_a_changed_source_file_updates_in_place(engine, wanted, tmp_path):
    inputs, state = make(engine, wanted)
    (tmp_path / "app/main.py").write_text("print(1)\n")
    diff = engine.diff(URN, "x", (inputs, state), engine.check(URN, wanted, inputs))
    assert list(diff.detailedDiff) == ["build.contextDigest"]
    assert not diff.replaces


def test_a_file_outside_the_context_changes_nothing(engine, wanted, tmp_path):
    inputs, state = make(engine, wanted)
    (tmp_path / "notes.txt").write_text("unrelated")
    again = engine.check(URN, wanted, inputs)
    assert engine.diff(URN, "x", (inputs, state), again).changes == NONE


def test_new_credentials_are_no_reason_to_build(engine, wanted, served):
    inputs, state = make(engine, wanted)
    wanted["registry"] = {"server": served.address, "username": "u", "password": Secret("p")}
    again = engine.check(URN, wanted, inputs)
    assert "registry.username" not in engine.diff(URN, "x", (inputs, state), again).detailedDiff


def test_an_image_the_registry_has_is_not_pushed_again(engine, docker, served, wanted):
    make(engine, wanted)
    reference = f"{served.address}/kaldra-api@{DIGEST}"
    docker.add_image(id_="sha256:built", digests=(reference,))
    _, state = make(engine, wanted)
    assert state["repoDigest"] == reference
    assert len(docker.asked("POST", "/push")) == 1


def test_an_image_the_registry_lost_is_found_missing_and_pushed_again(
    engine, docker, served, wanted
):
    inputs, state = make(engine, wanted)
    assert engine.read(URN, "x", (inputs, state)) == (inputs, state)
    served.manifests.clear()
    assert list(engine.diff(URN, "x", (inputs, state), inputs).detailedDiff) == ["repoDigest"]
    assert engine.read(URN, "x", (inputs, state)) is None
    engine.update(URN, "x", (inputs, state), inputs)
    assert engine.diff(URN, "x", (inputs, state), inputs).changes == NONE


def test_a_registry_that_does_not_answer_tells_nothing(engine, wanted):
    inputs, state = make(engine, wanted)
    state["repoDigest"] = f"localhost:1/kaldra-api@{DIGEST}"
    assert engine.diff(URN, "x", (inputs, state), inputs).changes == NONE
    assert engine.read(URN, "x", (inputs, state)) == (inputs, state)


def test_an_image_that_is_not_pushed_is_named_by_its_id(engine, docker, wanted):
    wanted |= {"imageName": "kaldra-api:dev", "skipPush": True}
    inputs, state = make(engine, wanted)
    assert state["repoDigest"] == "sha256:built"
    assert not docker.asked("POST", "/push")
    docker.images.clear()
    assert list(engine.diff(URN, "x", (inputs, state), inputs).detailedDiff) == ["repoDigest"]


def test_a_preview_builds_only_when_asked(engine, client, wanted):
    inputs = engine.check(URN, wanted)
    id_, state = engine.create(URN, inputs, preview=True)
    assert (id_, state["repoDigest"]) == ("", UNKNOWN)
    assert not client.built
    engine.create(URN, engine.check(URN, {**wanted, "buildOnPreview": True}), preview=True)
    assert client.built


def test_what_is_unknown_in_a_preview_is_left_open(engine, wanted):
    wanted["build"]["args"]["BASE_IMAGE"] = UNKNOWN
    inputs = engine.check(URN, wanted)
    assert len(inputs["build"]["contextDigest"]) == 64
    assert engine.create(URN, inputs, preview=True)[1]["repoDigest"] == UNKNOWN
    assert engine.check(URN, {**wanted, "build": UNKNOWN})["build"] == UNKNOWN


def test_a_state_of_the_official_plugin_is_current(engine, served, wanted):
    inputs, state = make(engine, wanted)
    plain = json.loads(json.dumps(inputs, default=lambda secret: secret.value))
    official = {**state, "__inputs": Secret(plain)}
    assert engine.diff(URN, "x", (plain, official), inputs).changes == NONE


def test_a_failed_push_is_told_without_secrets(engine, docker, wanted):
    docker.pushes = [{"error": "denied for hunter22", "errorDetail": {}}]
    with pytest.raises(CallFailedError, match="failed: denied for") as caught:
        make(engine, wanted)
    assert "hunter22" not in str(caught.value)
    assert "./kaldra doctor" in str(caught.value)


def test_an_engine_that_does_not_tell_the_digest_is_asked_for_it(engine, docker, served, wanted):
    reference = f"{served.address}/kaldra-api@{DIGEST}"
    docker.add_image(id_="sha256:built", digests=("other/x@sha256:0", reference))
    served.manifests[f"kaldra-api/{DIGEST}"] = DIGEST
    docker.pushes = [{"status": "Pushed", "id": "top"}]
    assert make(engine, wanted)[1]["repoDigest"] == reference


def test_a_push_that_left_nothing_behind_is_an_error(engine, docker, wanted):
    docker.registry = None
    with pytest.raises(CallFailedError, match="does not serve"):
        make(engine, wanted)


@pytest.mark.parametrize("source", ["program", "provider", "docker login"])
def test_credentials_reach_the_registry(engine, docker, served, wanted, tmp_path, source):
    if source == "program":
        wanted["registry"] |= {"username": "ann", "password": Secret("pass-word")}
    elif source == "provider":
        entry = {"address": served.address, "username": "ann", "password": "pass-word"}
        engine.configure(host=f"unix://{tmp_path}/docker.sock", registryAuth=json.dumps([entry]))
    else:
        coded = base64.b64encode(b"ann:pass-word").decode()
        (tmp_path / "config").mkdir()
        settings = {"auths": {served.address: {"auth": coded}}}
        (tmp_path / "config/config.json").write_text(json.dumps(settings))
    make(engine, wanted)
    sent = json.loads(base64.urlsafe_b64decode(docker.headers["X-Registry-Auth"]))
    assert (sent["username"], sent["password"]) == ("ann", "pass-word")


@pytest.mark.parametrize(
    ("change", "property_", "reason"),
    [
        ({"imageName": "kaldra-api:dev"}, "imageName", "names no registry"),
        ({"imageName": None}, "imageName", "is required"),
        ({"build": {"context": "nowhere"}}, "build.context", "there is no folder"),
        ({"build": {"context": "..", "dockerfile": "no"}}, "build.dockerfile", "no file"),
        (
            {"build": {"context": "..", "dockerfile": "Dockerfile"}},
            "build.dockerfile",
            "write '../Dockerfile'",
        ),
        (
            {"build": {"context": "..", "builderVersion": "V9"}},
            "build.builderVersion",
            "is none of",
        ),
    ],
)
def test_inputs_that_cannot_be_right(engine, wanted, change, property_, reason):
    with pytest.raises(AssertionError) as caught:
        engine.check(URN, {**wanted, **change})
    failures = dict(caught.value.args[0])
    assert reason in failures[property_]


def test_deleting_leaves_the_image(engine, docker, wanted):
    inputs, state = make(engine, wanted)
    calls = len(docker.calls)
    engine.delete(URN, "x", (inputs, state))
    assert len(docker.calls) == calls
