"""Releases as Pulumi's history tells of them."""

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
