"""Whatever changes: not one request is lost."""

from collections.abc import Iterator

import pytest

from tests.e2e.staging.infrastructure import WORKER
from tests.e2e.staging.stage import ROTATED, ROTATED_KEY, SERVICES, Stage


@pytest.fixture
def updated(serving: Stage) -> Iterator[Stage]:
    """A stack that a test deploys anew: by rolling updates, not as other Deployments."""
    before = serving.objects("deployments")
    yield serving
    for name, deployment in serving.objects("deployments").items():
        old, new = before[name]["metadata"], deployment["metadata"]
        assert new["uid"] == old["uid"]
        assert new["generation"] > old["generation"]


def test_a_new_release(updated: Stage):
    core = updated.edited("core/__init__.py", '"0.1.0"', '"0.1.0+released"')
    with updated.release("released"), core, updated.constant_load():
        updated.up()
        updated.await_version("0.1.0+released")


def test_a_changed_setting_and_a_rotated_key(updated: Stage):
    new, path = ROTATED_KEY[::-1], "/engine/vocabulary/archetypes"
    assert updated.ask(path, key=ROTATED_KEY)[0] == 200
    rotated = updated.different_secret(f"apiKeys.{ROTATED}", new)
    with updated.configured("logLevel: DEBUG"), rotated, updated.constant_load():
        updated.up()
        updated.rolled_out()
        assert updated.ask(path, key=new)[0] == 200
        assert updated.ask(path, key=ROTATED_KEY)[0] == 401


def test_a_restart(serving: Stage):
    with serving.constant_load():
        serving.kubectl("rollout", "restart", *(f"deployment/{name}" for name in SERVICES))
        serving.rolled_out()


def test_deleted_pods(serving: Stage):
    with serving.constant_load():
        for service in SERVICES:
            pod = serving.pods(service)[0]["metadata"]["name"]
            serving.kubectl("delete", "pod", pod)
        serving.rolled_out()


def test_a_drained_node(serving: Stage):
    try:
        with serving.constant_load():
            flags = ("--ignore-daemonsets", "--delete-emptydir-data", "--timeout=180s")
            serving.kubectl("drain", WORKER, *flags)
            serving.rolled_out()
            nodes = {p["spec"]["nodeName"] for s in SERVICES for p in serving.pods(s)}
    finally:
        serving.kubectl("uncordon", WORKER)
    assert WORKER not in nodes
