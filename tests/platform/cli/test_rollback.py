"""What a rollback deploys, and what it says of it."""

import pytest
import yaml

from kaldra.cli import rollback
from kaldra.cli.workspace import Workspace
from kaldra.errors import ConfigurationError, KaldraError
from kaldra.stack.settings import Settings


@pytest.fixture
def workspace(tmp_path, monkeypatch, state):
    monkeypatch.setattr(rollback, "REPO", tmp_path)
    stack_file = {"config": {"kaldra:target": "dev", "kaldra:apiPort": 8010, "kaldra:logLevel": 1}}
    (tmp_path / "Pulumi.try.yaml").write_text(yaml.safe_dump({**stack_file, "encryptionsalt": "s"}))
    return Workspace("try", Settings(target="dev"))


def test_the_settings_and_images_of_then_with_the_cluster_and_secrets_of_now(
    workspace, history, tmp_path
):
    file = tmp_path / "Pulumi.try.yaml"
    now = yaml.safe_load(file.read_text())
    keys = {"kaldra:apiKeys": {"ana": {"secure": "v1:cipher"}}}
    file.write_text(yaml.safe_dump({**now, "config": {**now["config"], **keys}}))
    history.add("ab", target="dev", apiPort="8000", logLevel="INFO")
    history.add("cd", target="dev")
    release = rollback._chosen("try", history.updates, None)
    written = yaml.safe_load(rollback._stack_file("try", release))
    assert written["encryptionsalt"] == "s"
    assert written["config"] == {
        "kaldra:target": "dev",
        "kaldra:apiPort": 8010,
        "kaldra:logLevel": "INFO",
        "kaldra:imageDigests": release.digests,
        **keys,
    }


def test_the_registry_is_the_one_that_holds_the_release(workspace, history, tmp_path):
    account = {"username": "robot", "password": {"secure": "v1:cipher"}}
    registry = {"address": "moved/here", "push": account}
    now = {"config": {"kaldra:registry": registry}}
    (tmp_path / "Pulumi.try.yaml").write_text(yaml.safe_dump(now))
    history.add("ab")
    written = yaml.safe_load(rollback._stack_file("try", history.updates[0]))
    assert written["config"]["kaldra:registry"] == {**registry, "address": "r"}


def test_what_goes_back_is_told(history):
    history.add("ab", logLevel="INFO", environment="a")
    history.add("cb", logLevel="DEBUG", gateway={"corsOrigins": ["x"]})
    updates = history.updates
    said = "\n".join(rollback._told(updates[0], rollback._chosen("try", updates, None)))
    assert "  api: sha256:cccccccccccc → sha256:aaaaaaaaaaaa" in said
    assert "  logLevel: DEBUG → INFO" in said
    assert "  environment: not set → a" in said
    assert "  gateway.corsOrigins: ['x'] → not set" in said
    assert "core:" not in said


def test_without_an_earlier_release_there_is_nothing_to_go_back_to(history):
    history.add("ab")
    with pytest.raises(KaldraError, match="no earlier release"):
        rollback._chosen("try", history.updates, None)


def test_any_release_that_worked_may_be_named(history):
    history.add("ab")
    history.add("cd", result="failed")
    assert rollback._chosen("try", history.updates, 1).number == 1
    with pytest.raises(ConfigurationError, match="no release 2 that worked; it has: 1"):
        rollback._chosen("try", history.updates, 2)


@pytest.mark.parametrize(("told", "held"), [("sha256:aa", True), ("", False)])
def test_the_dev_registry_of_now_is_asked_for_an_image(docker, monkeypatch, told, held):
    asked = []
    monkeypatch.setattr(
        rollback.docker_client, "registry_digest", lambda _api, image: asked.append(image) or told
    )
    assert rollback._in_registry(5009, "localhost:5001/kaldra-api@sha256:aa") is held
    assert asked == ["localhost:5009/kaldra-api@sha256:aa"]


def test_a_registry_that_does_not_answer_is_named(docker):
    image = "localhost:5009/kaldra-api@sha256:aa"
    docker.answers[f"GET /distribution/{image}/json"] = (500, {"message": "connection refused"})
    with pytest.raises(KaldraError, match="whether the registry at localhost:5009 has"):
        rollback._in_registry(5009, "localhost:5001/kaldra-api@sha256:aa")
