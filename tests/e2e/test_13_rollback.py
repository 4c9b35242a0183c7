"""A release that crashes is taken back; what a rollback needs is kept.

tests/e2e/staging/test_26_rollback.py has the rest.
"""

import pytest

from kaldra.paths import home
from tests.e2e.clone import Clone, changes, eventually


@pytest.mark.usefixtures("alone")
def test_clean_leaves_what_a_rollback_needs(platform):
    clone = platform
    before = clone.images()
    with clone.release("wrong"):
        clone.up()
        clone.kaldra("clean")
        clone.kaldra("rollback", "--yes")
    clone.await_version("0.1.0")
    assert clone.images() == before
    assert "nothing" in clone.kaldra("clean", "--dry-run")


def test_a_release_that_crashes_is_told_and_a_rollback_repairs(platform):
    clone = platform
    before = clone.images()
    first = "from pathlib import Path\n"
    crash = clone.edited("app/main.py", first, f'raise SystemExit("no gateway today")\n{first}')
    with crash, clone.answering():
        with clone.impatient():
            said = clone.up(code=1)
        clone.kaldra("rollback", "--yes")
    assert "kaldra-api" in said
    assert "exit code 1" in said or "CrashLoopBackOff" in said
    assert "no gateway today" in said
    assert clone.images() == before
    eventually(lambda: all_ready(clone), "only pods of the release before")


@pytest.fixture
def no_tools(tmp_path) -> dict[str, str]:
    """A cache with the machine's clones and locks, and none of its tools, which others may need."""
    for name in ("clones", "locks"):
        (tmp_path / name).symlink_to(home() / name)
    return {"KALDRA_HOME": str(tmp_path)}


@pytest.mark.usefixtures("alone")
def test_only_what_runs_is_kept_after_a_yes(platform, no_tools):
    clone = platform
    before = clone.images()
    asked = clone.kaldra("clean", "--all", code=2, **no_tools)
    assert "Nothing was changed" in asked
    clone.follow(asked, **no_tools)
    assert "nothing" in clone.kaldra("clean", "--all", "--dry-run", **no_tools)
    assert clone.images() == before
    # The removed layers are rebuilt with the same digests.
    assert set(changes(clone.up())) == {"unchanged"}


def all_ready(clone: Clone) -> bool:
    pods = clone.objects("pods").values()
    return all(c["ready"] for pod in pods for c in pod["status"].get("containerStatuses", []))
