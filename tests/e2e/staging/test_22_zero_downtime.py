"""Whatever changes: not one request is lost."""

from tests.e2e.staging.infrastructure import WORKER
from tests.e2e.staging.load import constant_load
from tests.e2e.staging.stage import ROTATED, ROTATED_KEY, SERVICES, Stage


def identities(stage: Stage) -> dict[str, str]:
    return {n: o["metadata"]["uid"] for n, o in stage.objects("deployments").items()}


def generations(stage: Stage) -> dict[str, int]:
    return {n: o["metadata"]["generation"] for n, o in stage.objects("deployments").items()}


def settled(stage: Stage) -> None:
    """Return once every pod of the newest generation serves."""
    for service in SERVICES:
        stage.kubectl("rollout", "status", f"deployment/{service}", "--timeout=120s")


def test_a_new_release(serving: Stage):
    before = identities(serving)
    with (
        serving.release("released"),
        serving.edited("core/__init__.py", '"0.1.0"', '"0.1.0+released"'),
        constant_load(serving),
    ):
        serving.up()
        serving.await_version("0.1.0+released")
    assert identities(serving) == before


def test_a_changed_setting(serving: Stage):
    identity, generation = identities(serving), generations(serving)
    with serving.configured("logLevel: DEBUG"), constant_load(serving):
        serving.up()
    # An update with a rolling restart, not another deployment.
    assert identities(serving) == identity
    assert all(generations(serving)[service] > generation[service] for service in SERVICES)


def test_a_rotated_key(serving: Stage):
    identity, new, path = identities(serving), ROTATED_KEY[::-1], "/engine/vocabulary/archetypes"
    assert serving.ask(path, key=ROTATED_KEY)[0] == 200
    with (
        serving.different_secret(f"apiKeys.{ROTATED}", new),
        constant_load(serving),
    ):
        serving.up()
        settled(serving)
        assert serving.ask(path, key=new)[0] == 200
        assert serving.ask(path, key=ROTATED_KEY)[0] == 401
    assert identities(serving) == identity


def test_a_restart(serving: Stage):
    with constant_load(serving):
        serving.kubectl("rollout", "restart", *(f"deployment/{name}" for name in SERVICES))
        settled(serving)


def test_deleted_pods(serving: Stage):
    with constant_load(serving):
        for service in SERVICES:
            pod = serving.pods(service)[0]["metadata"]["name"]
            serving.kubectl("delete", "pod", pod)
        settled(serving)


def test_a_drained_node(serving: Stage):
    try:
        with constant_load(serving):
            flags = ("--ignore-daemonsets", "--delete-emptydir-data", "--timeout=180s")
            serving.kubectl("drain", WORKER, *flags)
            settled(serving)
            nodes = {p["spec"]["nodeName"] for s in SERVICES for p in serving.pods(s)}
    finally:
        serving.kubectl("uncordon", WORKER)
    assert WORKER not in nodes
