"""Releases as `pulumi stack history --json` tells of them."""

import pytest

from kaldra.cli import releases


def test_a_release_is_its_images_its_settings_and_its_commit(history):
    history.add("ab", commit="8a606674eb73", logLevel="DEBUG")
    (found,) = history.updates
    assert found.digests == {"api": f"sha256:{'a' * 64}", "core": f"sha256:{'b' * 64}"}
    assert found.settings == {"kaldra:logLevel": "DEBUG"}
    assert found.title == "1 (2026-11-22 21:58 UTC, 8a60667)"


REFRESH = {"kind": "refresh", "text": ""}
REMOVAL = {"kind": "destroy", "text": ""}
FAILED = {"images": "ad", "result": "failed"}
DIGESTS = {"api": "sha256:a", "core": "sha256:b"}


@pytest.mark.parametrize(
    ("operations", "working", "previous"),
    [
        ([], [], None),
        # The last one that differs.
        ([{"images": "ab"}, {"images": "ac"}, REFRESH, {"images": "ac"}], [4, 1], 1),
        # A changed setting alone makes a release; the way to the cluster makes none.
        ([{"images": "ab", "logLevel": level} for level in ("INFO", "DEBUG")], [2, 1], 1),
        ([{"images": "ab", "apiPort": port} for port in ("8000", "8001")], [2], None),
        # After a failure the last one that worked.
        ([{"images": "ab"}, {"images": "ac"}, FAILED], [2, 1], 2),
        # A rollback of a rollback goes forward again.
        (
            [{"images": "ab"}, {"images": "ac"}, {"images": "ab", "imageDigests": DIGESTS}],
            [3, 2, 1],
            2,
        ),
        # What was deployed before a removal is gone.
        ([{"images": "ab"}, REMOVAL, {"images": "ac"}], [3], None),
        # What plain pulumi replaced is not known.
        (
            [{"images": "ab"}, {"images": "ac", "text": "typed as pulumi up"}, {"images": "ad"}],
            [3, 2],
            2,
        ),
    ],
)
def test_the_previous_release_is_the_last_one_that_worked_and_differs(
    history, operations, working, previous
):
    for operation in operations:
        history.add(**operation)
    assert [release.number for release in releases.working(history.updates)] == working
    found = releases.previous(history.updates)
    assert (found and found.number) == previous


def test_an_update_tells_what_it_replaces():
    told = releases.message(
        {"core": "r/core@sha256:3", "api": "r/api@sha256:3"}, "Rollback to release 2"
    )
    assert told == "Rollback to release 2\nReplaces api=r/api@sha256:3 core=r/core@sha256:3"
