"""Containers in a real engine, created by the plugin's process."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto.provider_pb2 import DiffResponse, PropertyDiff
from pulumi.runtime.rpc import is_rpc_secret, wrap_rpc_secret

from tests.platform.docker_provider.engine.conftest import PREFIX
from tests.platform.docker_provider.engine.plugin import CallFailedError, Plugin, running, urn

pytestmark = pytest.mark.e2e
URN = urn("Container", "serving")


@pytest.fixture
def made(plugin: Plugin, serving: dict[str, Any]) -> Any:
    """A container that serves."""
    with plugin.made(URN, serving) as made:
        yield made


def paths(answer: Any) -> dict[str, int]:
    return {path: change.kind for path, change in answer.detailedDiff.items()}


def test_it_is_created_as_asked_and_waited_for(made, docker_engine):
    found = docker_engine.inspect_container(made.id)
    assert found["State"]["Running"]
    assert found["HostConfig"]["Memory"] == 64 << 20
    assert found["HostConfig"]["NanoCpus"] == 5 * 10**8
    assert found["HostConfig"]["CapDrop"] == ["ALL"]
    assert found["Config"]["Env"][:2] == ["A=1", "B=2"]
    assert made.state["id"] == made.id
    assert made.state["__meta"] == '{"schema_version":"2"}'
    assert made.diff().changes == DiffResponse.DIFF_NONE
    # Anything but the next test's replaces the old one first; the order of variables is nothing.
    news = {**made.inputs, "command": ["sleep", "60"], "envs": ["B=2", "A=1"], "user": "0"}
    answer = made.diff(news)
    assert sorted(answer.replaces) == ["command", "user"]
    assert answer.deleteBeforeReplace


def test_limits_and_restart_policy_change_in_place(plugin, made, docker_engine):
    news = plugin.check(URN, {**made.inputs, "memory": 80, "memorySwap": 160, "restart": "always"})
    answer = made.diff(news)
    assert not answer.replaces
    assert paths(answer) == dict.fromkeys(("memory", "memorySwap", "restart"), PropertyDiff.UPDATE)
    made.update(news)
    found = docker_engine.inspect_container(made.id)["HostConfig"]
    assert (found["Memory"], found["RestartPolicy"]["Name"]) == (80 << 20, "always")


@pytest.mark.parametrize("how", ["kill", "pause"])
def test_one_that_was_stopped_is_started(plugin, made, docker_engine, how):
    getattr(docker_engine, how)(made.id)
    answer = made.diff()
    assert (*paths(answer), *answer.replaces) == ("mustRun",)
    assert "Changed by others: it does not run." in plugin.messages
    made.update(made.inputs)
    assert docker_engine.inspect_container(made.id)["State"]["Status"] == "running"


def test_one_that_others_changed_or_removed_is_noticed(made, docker_engine):
    docker_engine.update_container(made.id, restart_policy={"Name": "no"})
    assert paths(made.diff()) == {"restart": PropertyDiff.UPDATE}
    assert made.read()["restart"] == "no"
    docker_engine.remove_container(made.id, force=True)
    assert made.read() is None
    assert made.diff().replaces == ["name"]


def test_one_that_ends_is_kept_and_told_with_its_last_lines(plugin, serving, docker_engine):
    command = ["python3", "-c", "import os; raise SystemExit(os.environ['FIRST_WORD'])"]
    inputs = {**serving, "name": f"{PREFIX}-ends", "command": command, "restart": "no"}
    inputs["envs"] = [wrap_rpc_secret("FIRST_WORD=hunter2222")]
    with pytest.raises(CallFailedError) as error:
        plugin.create(URN, inputs)
    said = str(error.value)
    assert f"Container {PREFIX}-ends ended, exit code 1" in said
    assert "Its last lines:" in said
    assert "[secret]" in said
    assert "hunter2222" not in said
    assert error.value.failed.properties["name"] == f"{PREFIX}-ends"
    docker_engine.remove_container(error.value.failed.id, force=True)


def test_one_that_does_not_become_healthy_says_what_its_check_said(plugin, serving, docker_engine):
    health = {"tests": ["CMD-SHELL", "echo not yet; exit 1"], "interval": "1s", "retries": 1}
    inputs = {**serving, "name": f"{PREFIX}-ill", "healthcheck": health, "waitTimeout": 20}
    with pytest.raises(CallFailedError, match="Its health check said: not yet") as error:
        plugin.create(URN, plugin.check(URN, inputs))
    docker_engine.remove_container(error.value.failed.id, force=True)


def test_one_left_by_a_killed_run_is_taken_away_and_another_ones_is_not(
    plugin, made, docker_engine
):
    other = urn("Container", "other")
    with pytest.raises(CallFailedError, match="does not belong to this stack") as refused:
        plugin.create(other, made.inputs)
    assert plugin.create(URN, made.inputs).id != made.id
    assert docker_engine.containers(all=True, filters={"id": made.id}) == []
    refused.value.follow()
    plugin.create(other, made.inputs).delete()


def test_a_taken_port_names_the_container_that_has_it(plugin, serving, docker_engine, free_port):
    ports = [{"internal": 8000, "external": free_port, "ip": "127.0.0.1"}]
    told = f"Container {PREFIX}-serving publishes port"
    with plugin.made(URN, {**serving, "ports": ports}) as first:
        second = {**first.inputs, "name": f"{PREFIX}-second"}
        with pytest.raises(CallFailedError, match=told) as taken:
            plugin.create(URN, second)
        assert docker_engine.containers(all=True, filters={"name": f"{PREFIX}-second"}) == []
        taken.value.follow()
        plugin.create(URN, second).delete()


def test_secrets_stay_secret_in_the_state(plugin, serving, docker_engine):
    secret = [wrap_rpc_secret("KEY=hunter2222")]
    answer = plugin.call("Create", urn=URN, properties={**serving, "envs": secret})
    values = MessageToDict(answer.properties)
    assert is_rpc_secret(values["envs"][0])
    assert values["command"] == serving["command"]
    docker_engine.remove_container(answer.id, force=True)


def test_a_cancelled_run_stops_waiting(serving, docker_engine):
    health = {"tests": ["CMD", "false"], "interval": "60s"}
    inputs = {**serving, "name": f"{PREFIX}-cancelled", "healthcheck": health, "waitTimeout": 600}
    with running() as plugin, ThreadPoolExecutor(1) as pool:
        creating = pool.submit(plugin.create, URN, plugin.check(URN, inputs))
        while not any("waiting until healthy" in said for said in plugin.messages):
            assert not creating.done(), creating.result()
            time.sleep(0.1)
        plugin.stub.Cancel(Empty())
        with pytest.raises(CallFailedError, match="Cancelled") as error:
            creating.result(timeout=10)
    docker_engine.remove_container(error.value.failed.id, force=True)


def test_inputs_that_are_not_supported_are_refused_by_name(plugin):
    refused = plugin.failures(URN, {"image": "x", "uploads": [{"file": "/x"}]})
    assert set(refused) == {"uploads", "name"}
