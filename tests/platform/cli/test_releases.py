"""Releases as Pulumi's history tells of them."""

import json

import pytest

from kaldra.cli import releases
from kaldra.cli.workspace import Workspace
from kaldra.stack.settings import Settings
from tests.platform.cli.history import History


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.setenv("KALDRA_STATE", str(tmp_path))
    return Workspace("try", Settings(target="dev"))


@pytest.fixture
def history(workspace, tmp_path):
    return History(tmp_path)


def previous(workspace):
    found = releases.previous(workspace)
    return found and found.number


def test_a_stack_that_was_never_deployed_has_no_release(workspace):
    assert list(releases.working(workspace)) == []
    assert releases.previous(workspace) is None


def test_a_release_is_its_images_its_settings_and_its_commit(workspace, history):
    history.add(images="ab", commit="8a606674eb73", logLevel="DEBUG")
    (found,) = releases.working(workspace)
    assert found.digests == {"api": f"sha256:{'a' * 64}", "core": f"sha256:{'b' * 64}"}
    assert found.settings == {"kaldra:logLevel": "DEBUG"}
    assert found.title == "1 (2026-11-22 21:58 UTC, 8a60667)"


def test_the_previous_release_is_the_last_one_that_differs(workspace, history):
    history.add(images="ab")
    history.add(images="ac")
    history.add(kind="refresh", images="ac")
    history.add(images="ac")
    assert previous(workspace) == 1
    assert [r.number for r in releases.working(workspace)] == [4, 1]


def test_a_changed_setting_alone_makes_a_release(workspace, history):
    history.add(images="ab", logLevel="INFO")
    history.add(images="ab", logLevel="DEBUG")
    assert previous(workspace) == 1


def test_the_way_to_the_cluster_makes_no_release(workspace, history):
    history.add(images="ab", apiPort="8000", registryPull={"password": {"secure": "v1:a"}})
    history.add(images="ab", apiPort="8001", registryPull={"password": {"secure": "v1:b"}})
    assert previous(workspace) is None


def test_after_a_failure_the_last_one_that_worked_is_the_previous(workspace, history):
    history.add(images="ab")
    history.add(images="ac")
    history.add(images="ad", result="failed")
    assert previous(workspace) == 2


def test_a_rollback_of_a_rollback_goes_forward_again(workspace, history):
    history.add(images="ab")
    history.add(images="ac")
    history.add(images="ab", imageDigests={"api": "sha256:a", "core": "sha256:b"})
    assert previous(workspace) == 2


def test_what_was_deployed_before_a_removal_is_no_release(workspace, history):
    history.add(images="ab")
    history.add(kind="destroy")
    history.add(images="ac")
    assert previous(workspace) is None


@pytest.fixture
def remote(tmp_path, monkeypatch):
    """A stack whose state is in a bucket, and a Pulumi that tells of it."""
    monkeypatch.setenv("KALDRA_STATE", str(tmp_path))
    settings = Settings(target="dev", state_backend="s3://states")
    pulumi = tmp_path / "bin/pulumi"
    pulumi.parent.mkdir()
    script = f'#!/bin/sh\n[ "$1 $2" = "stack $2" ] && cat "{tmp_path}/$2.json"\n'
    pulumi.write_text(script)
    pulumi.chmod(0o755)
    (tmp_path / "export.json").write_text(json.dumps({"deployment": state_with("3")}))
    return Workspace("try", settings)


def state_with(digit):
    outputs = {f"{service}Image": f"r/{service}@sha256:{digit}" for service in ("api", "core")}
    return {"resources": [{"type": "pulumi:pulumi:Stack", "outputs": outputs}]}


def entry(message, **settings):
    config = {f"kaldra:{key}": {"value": value, "secret": False} for key, value in settings.items()}
    config["kaldra:apiKeys"] = {"secret": True}
    ended = "2026-11-22T22:07:00.000Z"
    told = {"kind": "update", "result": "succeeded", "endTime": ended, "config": config}
    return {**told, "version": 0, "message": message}


def test_of_a_remote_stack_each_update_tells_which_images_it_replaced(remote, tmp_path):
    entries = [
        entry("a change\nReplaces api=r/api@sha256:2 core=r/core@sha256:2", logLevel="INFO"),
        entry("typed as pulumi up", logLevel="DEBUG"),
        entry("Replaces api=r/api@sha256:0 core=r/core@sha256:0", logLevel="DEBUG"),
        entry("the first"),
    ]
    (tmp_path / "history.json").write_text(json.dumps(entries))
    found = [(r.number, r.digests.get("api"), r.settings) for r in releases.updates(remote)]
    assert found == [
        (4, "sha256:3", {"kaldra:logLevel": "INFO"}),
        (3, "sha256:2", {"kaldra:logLevel": "DEBUG"}),
        (2, None, {"kaldra:logLevel": "DEBUG"}),
        (1, "sha256:0", {}),
    ]
    assert previous(remote) == 3


def test_an_update_of_a_remote_stack_tells_what_it_replaces(remote):
    told = releases.message(remote, "Rollback to release 2")
    assert told == "Rollback to release 2\nReplaces api=r/api@sha256:3 core=r/core@sha256:3"
