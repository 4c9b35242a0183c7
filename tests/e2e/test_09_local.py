"""The same services on Docker alone, with a `.env` or without."""

import json
import os
import signal
import socket
import sys
from http import HTTPStatus

import pytest

from kaldra.paths import REPO
from tests.attack.conftest import KEYS
from tests.browser import reader
from tests.e2e.clone import LOCAL_STACK, Clone, changes, eventually
from tests.e2e.docker import docker, inspected, leftovers, run
from tests.e2e.machine import NAME
from tests.e2e.process_tree import kill_tree
from tests.processes import ran

NETWORK = f"{NAME}-local"
CORE, API = f"{NETWORK}-core", f"{NETWORK}-api"
CONTAINER = "docker:index/container:Container"
NOBODY = "unix:///nobody/docker.sock"
DEV_TAGS = ("kaldra-core:dev", "kaldra-api:dev")


@pytest.fixture
def local(clone: Clone) -> Clone:
    return clone.local


def test_a_port_that_is_taken_is_told_with_who_has_it(local: Clone):
    with socket.create_server(("127.0.0.1", local.api_port)):
        said = local.kaldra("up", code=2)
    assert f"Port {local.api_port} on 127.0.0.1, which kaldra-api needs, is taken by" in said
    assert f"(process {os.getpid()})" in said
    assert "set API_PORT to another port in .env" in said


def test_up_goes_to_status_without_a_cluster(local: Clone):
    local.kaldra("up")
    assert local.get("/status/")[0] == HTTPStatus.OK
    local.await_core()


def test_up_again_changes_nothing_also_through_plain_pulumi(local: Clone):
    before = {name: inspected(name)["Id"] for name in (CORE, API)}
    assert set(changes(local.kaldra("up"))) == {"unchanged"}
    local.kaldra("preview", "--expect-no-changes")
    local.shell("pulumi preview --expect-no-changes --non-interactive")
    assert {name: inspected(name)["Id"] for name in (CORE, API)} == before


def test_the_containers_may_do_and_use_little(local: Clone):
    for name, mebibytes in ((CORE, 512), (API, 256)):
        found = inspected(name)
        host = found["HostConfig"]
        assert found["Config"]["User"] == "10001:10001"
        assert host["ReadonlyRootfs"]
        assert host["CapDrop"] == ["ALL"]
        assert host["SecurityOpt"] == ["no-new-privileges:true"]
        assert host["Memory"] == mebibytes << 20
        assert host["NanoCpus"] == 10**9
        assert host["RestartPolicy"]["Name"] == "unless-stopped"
        logs = {"max-file": "3", "max-size": "10m"}
        assert host["LogConfig"] == {"Type": "json-file", "Config": logs}
        # Only the gateway is published, and only here.
        address = {"HostIp": "127.0.0.1", "HostPort": str(local.api_port)}
        assert (host["PortBindings"] or {}) == ({"8000/tcp": [address]} if name == API else {})
        assert found["State"]["Health"]["Status"] == "healthy"
        assert local.key not in json.dumps(found)


def test_the_page_s_own_tests_hold_on_the_stack(local: Clone):
    """They need a stack without a limit of requests: a `.env` fills what it leaves open."""
    lines = ("API_PORT=1", "KALDRA_LOG_LEVEL=DEBUG", "KALDRA_RATE_LIMIT=0", "CORE_THREADS=3")
    with local.env_file(*lines) as path:
        said = local.kaldra("up")
        assert f"From {path}, unless set in the stack file: API_PORT, CORE_THREADS" in said
        assert {"KALDRA_LOG_LEVEL=DEBUG", "CORE_THREADS=3"} <= set(inspected(CORE)["Config"]["Env"])
        assert {"KALDRA_RATE_LIMIT=0", "API_PORT=8000"} <= set(inspected(API)["Config"]["Env"])
        local.shell("pulumi preview --expect-no-changes --non-interactive")
    hold("tests/browser", local, KALDRA_API_KEY=local.key)
    assert reader.TEXT not in local.kaldra("logs")
    local.kaldra("up")


def hold(tests: str, local: Clone, **environment: str) -> None:
    """Run other tests against the gateway of the stack."""
    site = {"KALDRA_SITE": f"http://127.0.0.1:{local.api_port}"}
    variables = {**os.environ, **site, **environment}
    done = ran(sys.executable, "-m", "pytest", tests, cwd=REPO, env=variables)
    assert done.returncode == 0, done.stdout + done.stderr


def test_status_and_logs_tell_of_both(local: Clone):
    said = local.kaldra("status")
    assert f"✓ {CORE}  1/1 ready  healthy" in said
    assert f"✓ {API}  1/1 ready  healthy" in said
    assert "KALDRA API Gateway online" in said
    lines = local.kaldra("logs", "--json").splitlines()
    assert {json.loads(line)["source"] for line in lines} == {CORE, API}


def test_a_core_that_is_killed_is_missed_and_comes_back(local: Clone):
    before = inspected(CORE)
    with local.following() as shown:
        os.kill(before["State"]["Pid"], signal.SIGKILL)
        missed = HTTPStatus.SERVICE_UNAVAILABLE
        eventually(lambda: local.get("/status/core")[0] == missed, "the gateway says so")
        assert local.get("/status/")[0] == HTTPStatus.OK
        local.await_core()
        eventually(lambda: "core INFO" in shown.read_text(), "the first record after the restart")
    assert inspected(CORE)["RestartCount"] == before["RestartCount"] + 1


def test_a_removed_container_is_made_again(local: Clone):
    docker("container", "rm", "--force", API)
    local.kaldra("up")
    assert local.get("/status/")[0] == HTTPStatus.OK


def test_an_up_that_was_killed_goes_on(local: Clone):
    with local.configured("logLevel: DEBUG"):
        kill_tree(local.start_up(CONTAINER))
        local.kaldra("up")
        local.kaldra("preview", "--expect-no-changes")
        assert "KALDRA_LOG_LEVEL=DEBUG" in inspected(CORE)["Config"]["Env"]
        local.await_core()


def test_no_attack_ends_a_container_or_keeps_others_from_being_served(local: Clone):
    limits = ("KALDRA_RATE_LIMIT=0", "KALDRA_TEXT_LIMIT=0")
    with local.env_file(*limits), local.edited(local.stack_file):
        for name, key in KEYS.items():
            local.shell(f"pulumi config set --secret --path kaldra:apiKeys.{name} {key}")
        local.kaldra("up")
        before = {name: inspected(name)["State"]["StartedAt"] for name in (CORE, API)}
        hold("tests/attack", local)
        for name, started in before.items():
            found = inspected(name)
            assert not found["State"]["OOMKilled"]
            assert found["State"]["StartedAt"] == started
            assert found["RestartCount"] == 0
    local.kaldra("up")


def test_an_engine_that_does_not_answer_is_told(local: Clone):
    for verb in ("up", "status", "logs", "down"):
        said = local.kaldra(verb, code=1, DOCKER_HOST=NOBODY)
        assert "No Docker Engine answers at" in said
        assert NOBODY in said


def test_down_leaves_nothing_but_the_images(local: Clone):
    images = [inspected(name)["Image"] for name in (CORE, API)]
    for _ in range(2):
        local.kaldra("down")
        assert [item for item in leftovers() if NETWORK in item] == []
    for image in images:
        docker("image", "inspect", image)
    said = local.kaldra("status", code=1)
    assert f"Stack {LOCAL_STACK} is not deployed." in said


def test_the_checklist_holds_and_takes_nothing_down(local: Clone):
    local.kaldra("up")
    before = inspected(API)["Id"]
    said = local.kaldra("checklist", code=1)
    assert said.count("✔") == 6, said
    (hint,) = [line.partition("→ ")[2] for line in said.splitlines() if "→ cp " in line]
    assert hint == "cp .env.example .env"
    theirs = [tag for tag in DEV_TAGS if run("image", "inspect", tag, check=False).returncode == 0]
    local.run("bash", "-euc", hint)
    try:
        said = local.kaldra("checklist")
    finally:
        (local.root / ".env").unlink()
        for tag in set(DEV_TAGS) - set(theirs):
            run("image", "rm", tag, check=False)
    assert said.count("✔") == 7, said
    assert inspected(API)["Id"] == before
    local.kaldra("down", "--yes")
    assert [item for item in leftovers() if NETWORK in item] == []
