"""What was released wrongly is taken back; what somebody else changed is told."""

from pathlib import Path
from typing import Any

import pytest

from kaldra.paths import home
from tests.e2e.clone import STACK, Clone, eventually

LINE = '__version__ = "0.1.0"'
WRONG = '__version__ = "0.1.0+wrong"'
DEBUG = f"Pulumi.{STACK}.yaml", "config:\n", "config:\n  kaldra:logLevel: DEBUG\n"


def test_a_rollback_brings_back_images_and_settings(platform: Clone):
    clone = platform
    before = images(clone)
    with clone.edited("app/__init__.py", LINE, WRONG), clone.edited(*DEBUG):
        clone.up()
        clone.await_version("0.1.0+wrong")
        await_level(clone, "DEBUG")
        asked = clone.kaldra("rollback", code=2)
        assert "logLevel: DEBUG → not set" in asked.output
        assert "Nothing was changed" in asked.output
        assert images(clone) != before
        with clone.answering():
            clone.follow(asked)
            clone.await_version("0.1.0")
        assert images(clone) == before
        await_level(clone, "INFO")
        assert "✓ no drift" in clone.kaldra("status").output
        clone.up()
        clone.await_version("0.1.0+wrong")


def test_clean_leaves_what_a_rollback_needs(platform: Clone):
    clone = platform
    before = images(clone)
    with clone.edited("app/__init__.py", LINE, WRONG):
        clone.up()
        clone.kaldra("clean")
        clone.kaldra("rollback", "--yes")
    clone.await_version("0.1.0")
    assert images(clone) == before
    assert "nothing" in clone.kaldra("clean", "--dry-run").output


def test_after_a_release_that_failed_a_rollback_repairs(platform: Clone):
    clone = platform
    before = images(clone)
    first = "from pathlib import Path\n"
    with clone.edited("app/main.py", first, f"raise SystemExit\n{first}"):
        with clone.impatient():
            clone.up(code=1)
        clone.kaldra("rollback", "--yes")
    assert images(clone) == before
    assert clone.get("/status/")[0] == 200
    eventually(lambda: all_ready(clone), "only pods of the release before")


def test_drift_is_told_with_object_and_field_and_put_right(breakable: Clone):
    clone = breakable
    assert "✓ no drift" in clone.kaldra("status").output
    clone.kubectl("scale", "deployment/kaldra-core", "--replicas=2")
    clone.kubectl("delete", "service", "kaldra-core")
    state = clone.checkpoint.read_bytes()
    said = clone.kaldra("status", code=3).output
    assert "Service kaldra-core was deleted" in said
    assert "Deployment kaldra-core was changed" in said
    assert "spec.replicas" in said
    assert clone.checkpoint.read_bytes() == state
    clone.up()
    assert "✓ no drift" in clone.kaldra("status").output


@pytest.fixture
def no_tools(tmp_path: Path) -> dict[str, str]:
    """A cache with the machine's clones and locks, and none of its tools, which others may need."""
    for name in ("clones", "locks"):
        (tmp_path / name).symlink_to(home() / name)
    return {"KALDRA_HOME": str(tmp_path)}


def test_only_what_runs_is_kept_after_a_yes(platform: Clone, no_tools: dict[str, str]):
    clone = platform
    before = images(clone)
    asked = clone.kaldra("clean", "--all", code=2, **no_tools)
    assert "Nothing was changed" in asked.output
    clone.follow(asked, env=no_tools)
    assert "nothing" in clone.kaldra("clean", "--all", "--dry-run", **no_tools).output
    assert images(clone) == before
    # The removed layers are rebuilt with the same digests.
    assert set(clone.up().changes) == {"unchanged"}
    assert clone.get("/status/")[0] == 200


def images(clone: Clone) -> dict[str, str]:
    """Reference of each Deployment's image."""
    return {name: container(d)["image"] for name, d in clone.objects("deployments").items()}


def container(deployment: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = deployment["spec"]["template"]["spec"]["containers"][0]
    return found


def await_level(clone: Clone, level: str) -> None:
    command = ("exec", "deployment/kaldra-api", "--", "printenv", "KALDRA_LOG_LEVEL")
    eventually(lambda: clone.kubectl(*command).strip() == level, f"logging {level}", 20)


def all_ready(clone: Clone) -> bool:
    pods = clone.objects("pods").values()
    return all(c["ready"] for pod in pods for c in pod["status"].get("containerStatuses", []))
