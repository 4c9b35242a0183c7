"""Whatever changes: not one request is lost."""

import re
import time

import pytest

from tests.e2e.staging.ground import WORKER
from tests.e2e.staging.load import FIGURES, constant_load
from tests.e2e.staging.stage import KEY, STACK_FILE, Stage

LINE = '__version__ = "0.1.0"'
EDITED = '__version__ = "0.1.0+released"'
SERVICES = ("kaldra-api", "kaldra-core")
ROTATED = "batch"


def identities(stage: Stage) -> dict[str, str]:
    return {n: o["metadata"]["uid"] for n, o in stage.objects("deployments").items()}


def generations(stage: Stage) -> dict[str, int]:
    return {n: o["metadata"]["generation"] for n, o in stage.objects("deployments").items()}


def settled(stage: Stage) -> None:
    """Return once every pod of the newest generation serves."""
    for service in SERVICES:
        stage.kubectl("rollout", "status", f"deployment/{service}", "--timeout=120s")


@pytest.fixture
def changing(breakable: Stage) -> Stage:
    settled(breakable)
    return breakable


def test_a_new_release(changing: Stage):
    before = identities(changing)
    with (
        changing.edited("app/__init__.py", LINE, EDITED),
        changing.edited("core/__init__.py", LINE, EDITED),
        constant_load(changing, "new release of both services"),
    ):
        began = time.monotonic()
        said = changing.up()
        took = time.monotonic() - began
        changing.await_version("0.1.0+released")
    assert identities(changing) == before
    pulumi = re.search(r"Duration: (\S+)", said.output)
    told = f" (pulumi: {pulumi[1]})" if pulumi else ""
    FIGURES.append(f"up of a release, two replicas each, built and pushed: {took:.0f} s{told}")


def test_a_changed_setting(changing: Stage):
    identity, generation = identities(changing), generations(changing)
    configured = STACK_FILE, "config:\n", "config:\n  kaldra:logLevel: DEBUG\n"
    with changing.edited(*configured), constant_load(changing, "configuration change"):
        changing.up()
    # An update with a rolling restart, not another deployment.
    assert identities(changing) == identity
    assert all(generations(changing)[service] > generation[service] for service in SERVICES)


def test_a_rotated_key(changing: Stage):
    identity = identities(changing)
    old, new = KEY.swapcase(), KEY.swapcase()[::-1]
    path = "/engine/vocabulary/archetypes"
    with changing.different_secret(f"apiKeys.{ROTATED}", old):
        with constant_load(changing, "a key added"):
            changing.up()
            settled(changing)
        assert changing.ask(path, key=old)[0] == 200
        with (
            changing.different_secret(f"apiKeys.{ROTATED}", new),
            constant_load(changing, "a key rotated"),
        ):
            changing.up()
            settled(changing)
            assert changing.ask(path, key=new)[0] == 200
            assert changing.ask(path, key=old)[0] == 401
    assert identities(changing) == identity


def test_a_restart(changing: Stage):
    with constant_load(changing, "rollout restart"):
        changing.kubectl("rollout", "restart", *(f"deployment/{name}" for name in SERVICES))
        settled(changing)


def test_deleted_pods(changing: Stage):
    with constant_load(changing, "a pod of each service deleted"):
        for service in SERVICES:
            pod = changing.pods(service)[0]["metadata"]["name"]
            changing.kubectl("delete", "pod", pod)
        settled(changing)


def test_a_drained_node(changing: Stage):
    try:
        with constant_load(changing, "node drained"):
            flags = ("--ignore-daemonsets", "--delete-emptydir-data", "--timeout=180s")
            changing.kubectl("drain", WORKER, *flags)
            settled(changing)
            nodes = {p["spec"]["nodeName"] for s in SERVICES for p in changing.pods(s)}
    finally:
        changing.kubectl("uncordon", WORKER)
    assert WORKER not in nodes
