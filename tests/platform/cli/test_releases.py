"""Releases as `pulumi stack history --json` tells of them."""

from kaldra.cli import releases
from kaldra.cli.releases import message


def test_a_stack_that_was_never_deployed_has_no_release(history):
    assert history.updates == []
    assert history.previous is None


def test_a_release_is_its_images_its_settings_and_its_commit(history):
    history.add("ab", commit="8a606674eb73", logLevel="DEBUG")
    (found,) = history.updates
    assert found.digests == {"api": f"sha256:{'a' * 64}", "core": f"sha256:{'b' * 64}"}
    assert found.settings == {"kaldra:logLevel": "DEBUG"}
    assert found.title == "1 (2026-11-22 21:58 UTC, 8a60667)"


def test_the_previous_release_is_the_last_one_that_differs(history):
    history.add("ab")
    history.add("ac")
    history.add(kind="refresh", text="")
    history.add("ac")
    assert history.previous == 1
    assert [r.number for r in releases.working(history.updates)] == [4, 1]


def test_a_changed_setting_alone_makes_a_release(history):
    history.add("ab", logLevel="INFO")
    history.add("ab", logLevel="DEBUG")
    assert history.previous == 1


def test_the_way_to_the_cluster_makes_no_release(history):
    history.add("ab", apiPort="8000")
    history.add("ab", apiPort="8001")
    assert history.previous is None


def test_after_a_failure_the_last_one_that_worked_is_the_previous(history):
    history.add("ab")
    history.add("ac")
    history.add("ad", result="failed")
    assert history.previous == 2
    assert history.updates[1].digests["core"] == f"sha256:{'c' * 64}"


def test_a_rollback_of_a_rollback_goes_forward_again(history):
    history.add("ab")
    history.add("ac")
    history.add("ab", imageDigests={"api": "sha256:a", "core": "sha256:b"})
    assert history.previous == 2


def test_what_was_deployed_before_a_removal_is_no_release(history):
    history.add("ab")
    history.add(kind="destroy", text="")
    history.add("ac")
    assert history.previous is None


def test_what_plain_pulumi_replaced_is_not_known(history):
    history.add("ab")
    history.add("ac", text="typed as pulumi up")
    history.add("ad")
    assert [bool(release.images) for release in history.updates] == [True, True, False]
    assert history.previous == 2


def test_an_update_tells_what_it_replaces():
    told = message({"core": "r/core@sha256:3", "api": "r/api@sha256:3"}, "Rollback to release 2")
    assert told == "Rollback to release 2\nReplaces api=r/api@sha256:3 core=r/core@sha256:3"
