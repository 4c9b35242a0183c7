"""What a rollback deploys, and what it says of it."""

import io

import pytest
import yaml

from kaldra.cli import releases, rollback
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.errors import ConfigurationError, KaldraError
from kaldra.stack.settings import Settings
from tests.platform.cli.history import History


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.setenv("KALDRA_STATE", str(tmp_path))
    monkeypatch.setattr(rollback, "REPO", tmp_path)
    stack_file = {"config": {"kaldra:target": "dev", "kaldra:apiPort": 8010, "kaldra:logLevel": 1}}
    (tmp_path / "Pulumi.try.yaml").write_text(yaml.safe_dump({**stack_file, "encryptionsalt": "s"}))
    return Workspace("try", Settings(target="dev"))


@pytest.fixture
def history(workspace, tmp_path):
    return History(tmp_path)


def test_the_settings_of_then_with_the_images_of_then_and_the_cluster_of_now(workspace, history):
    secret = {"ana": {"secure": "v1:cipher"}}
    history.add(images="ab", target="dev", apiPort="8000", logLevel="INFO", apiKeys=secret)
    history.add(images="cd", target="dev")
    release = rollback._chosen(workspace, None)
    written = yaml.safe_load(rollback._stack_file(workspace, release))
    assert written["encryptionsalt"] == "s"
    assert written["config"] == {
        "kaldra:target": "dev",
        "kaldra:apiPort": 8010,
        "kaldra:logLevel": "INFO",
        "kaldra:apiKeys": secret,
        "kaldra:imageDigests": release.digests,
    }


def test_from_a_remote_backend_the_secrets_of_now_are_kept(workspace, history, tmp_path):
    history.add(images="ab", logLevel="INFO")
    (release,) = releases.working(workspace)
    secrets = {"kaldra:apiKeys": {"ana": {"secure": "v1:cipher"}}}
    (tmp_path / "Pulumi.try.yaml").write_text(yaml.safe_dump({"config": secrets}))
    remote = Workspace("try", Settings(target="dev", state_backend="s3://states"))
    config = yaml.safe_load(rollback._stack_file(remote, release))["config"]
    digests = {"kaldra:imageDigests": release.digests}
    assert config == {"kaldra:logLevel": "INFO", **secrets, **digests}


def test_what_goes_back_is_told_and_secrets_are_not(workspace, history):
    history.add(images="ab", logLevel="INFO", apiKeys={"secure": "v1:old"}, environment="a")
    history.add(images="cb", logLevel="DEBUG", apiKeys={"secure": "v1:new"}, corsOrigins=["x"])
    stream = io.StringIO()
    rollback._tell(Console(stream), workspace, rollback._chosen(workspace, None))
    said = stream.getvalue()
    assert "api: sha256:cccccccccccc → sha256:aaaaaaaaaaaa" in said
    assert "logLevel: DEBUG → INFO" in said
    assert "environment: not set → a" in said
    assert "corsOrigins: ['x'] → not set" in said
    assert "apiKeys: the secret as it was" in said
    assert "v1:" not in said
    assert "core:" not in said


def test_without_an_earlier_release_there_is_nothing_to_go_back_to(workspace, history):
    history.add(images="ab")
    with pytest.raises(KaldraError, match="no earlier release"):
        rollback._chosen(workspace, None)


def test_any_release_that_worked_may_be_named(workspace, history):
    history.add(images="ab")
    history.add(images="cd", result="failed")
    assert rollback._chosen(workspace, 1).number == 1
    with pytest.raises(ConfigurationError, match="no release 2 that worked; it has: 1"):
        rollback._chosen(workspace, 2)


def test_nothing_is_rolled_back_without_a_yes(workspace, history, monkeypatch):
    history.add(images="ab")
    (release,) = releases.working(workspace)
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(ConfigurationError, match="needs a yes") as caught:
        rollback._require_consent("try", release, assume_yes=False)
    assert caught.value.hint == "./kaldra rollback --stack try --yes"
    rollback._require_consent("try", release, assume_yes=True)


@pytest.mark.parametrize(("told", "held"), [("sha256:aa", True), ("", False)])
def test_the_dev_registry_of_now_is_asked_for_an_image(docker, monkeypatch, told, held):
    asked = []
    monkeypatch.setattr(
        rollback.image_registry, "digest", lambda _api, image: asked.append(image) or told
    )
    assert rollback._in_registry(5009, "localhost:5001/kaldra-api@sha256:aa") is held
    assert asked == ["localhost:5009/kaldra-api@sha256:aa"]


def test_a_registry_that_does_not_answer_is_named(docker):
    image = "localhost:5009/kaldra-api@sha256:aa"
    docker.answers[f"GET /distribution/{image}/json"] = (500, {"message": "connection refused"})
    with pytest.raises(KaldraError, match="registry at localhost:5009 does not tell"):
        rollback._in_registry(5009, "localhost:5001/kaldra-api@sha256:aa")
