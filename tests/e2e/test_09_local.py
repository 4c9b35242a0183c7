"""The same services on Docker alone, with a `.env` or without."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from bench import under_attack
from bench.attacks import Seen
from tests.browser import reader
from tests.e2e.clone import LOCAL_STACK, NAME, REPO, Clone, eventually, kill_tree
from tests.e2e.docker import docker, leftovers, run

NETWORK = f"{NAME}-local"
CORE, API = f"{NETWORK}-core", f"{NETWORK}-api"
CONTAINER = "docker:index/container:Container"
UP = ("./kaldra", "up", "--stack", LOCAL_STACK)
NOBODY = "unix:///nobody/docker.sock"
ATTACK_SECONDS = 5
DEV_TAGS = ("kaldra-core:dev", "kaldra-api:dev")


def test_a_port_that_is_taken_is_told_with_who_has_it(clone: Clone):
    with socket.create_server(("127.0.0.1", clone.local_port)):
        said = clone.kaldra("up", stack=LOCAL_STACK, code=2).output
    assert f"Port {clone.local_port} on 127.0.0.1, which kaldra-api needs, is taken by" in said
    assert f"(process {os.getpid()})" in said
    assert "set API_PORT to another port in .env" in said


def test_up_goes_to_status_without_a_cluster(clone: Clone):
    clone.kaldra("up", stack=LOCAL_STACK)
    assert clone.get("/status/", port=clone.local_port)[0] == HTTPStatus.OK
    assert clone.get("/status/core", port=clone.local_port)[0] == HTTPStatus.OK


def test_up_again_changes_nothing_also_through_plain_pulumi(clone: Clone):
    before = {name: inspected(name)["Id"] for name in (CORE, API)}
    assert set(clone.kaldra("up", stack=LOCAL_STACK).changes) == {"unchanged"}
    clone.kaldra("preview", "--expect-no-changes", stack=LOCAL_STACK)
    plain(clone, "pulumi preview --expect-no-changes --non-interactive")
    assert {name: inspected(name)["Id"] for name in (CORE, API)} == before


def test_the_containers_may_do_and_use_little(clone: Clone):
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
        assert host["LogConfig"] == {
            "Type": "json-file",
            "Config": {"max-file": "3", "max-size": "10m"},
        }
        assert found["State"]["Health"]["Status"] == "healthy"
        assert clone.key not in json.dumps(found)


def test_only_the_gateway_is_published_and_only_here(clone: Clone):
    address = {"HostIp": "127.0.0.1", "HostPort": str(clone.local_port)}
    assert inspected(API)["HostConfig"]["PortBindings"] == {"8000/tcp": [address]}
    assert not inspected(CORE)["HostConfig"]["PortBindings"]


def test_the_page_s_own_tests_hold_on_the_stack(clone: Clone):
    with env_file(clone, "KALDRA_RATE_LIMIT=0"):
        clone.kaldra("up", stack=LOCAL_STACK)
    site = {
        "KALDRA_SITE": f"http://127.0.0.1:{clone.local_port}",
        "KALDRA_API_KEY": clone.key,
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/browser"],
        cwd=REPO,
        env={**os.environ, **site},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert reader.TEXT not in clone.kaldra("logs", stack=LOCAL_STACK).output
    clone.kaldra("up", stack=LOCAL_STACK)


def test_status_and_logs_tell_of_both(clone: Clone):
    said = clone.kaldra("status", stack=LOCAL_STACK).output
    assert f"✓ {CORE}  1/1 ready  healthy" in said
    assert f"✓ {API}  1/1 ready  healthy" in said
    assert "KALDRA API Gateway online" in said
    lines = clone.kaldra("logs", "--json", stack=LOCAL_STACK).output.splitlines()
    assert {json.loads(line)["source"] for line in lines} == {CORE, API}


def test_the_path_of_a_request_through_both_services_is_drawn(clone: Clone):
    assert (
        clone.get("/status/core", port=clone.local_port, X_Request_Id="drawn-2")[0] == HTTPStatus.OK
    )
    said = clone.kaldra("trace", "drawn-2", stack=LOCAL_STACK).output
    assert "api  " in said
    assert "core " in said
    assert " ms" in clone.kaldra("trace", "--slowest", stack=LOCAL_STACK).output


def test_logs_follow_a_restart(clone: Clone):
    command = f"exec ./kaldra logs --follow --lines 0 --stack {LOCAL_STACK} >followed.log"
    shown = clone.root / "followed.log"
    process = clone.start("sh", "-c", command)
    try:
        eventually(shown.exists, "it was started")
        os.kill(inspected(CORE)["State"]["Pid"], signal.SIGKILL)
        eventually(lambda: "core INFO" in shown.read_text(), "the first record after the restart")
    finally:
        process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    shown.unlink()


def test_a_core_that_is_killed_is_missed_and_comes_back(clone: Clone):
    restarts = inspected(CORE)["RestartCount"]
    os.kill(inspected(CORE)["State"]["Pid"], signal.SIGKILL)
    eventually(lambda: core_status(clone) == HTTPStatus.SERVICE_UNAVAILABLE, "the gateway says so")
    assert clone.get("/status/", port=clone.local_port)[0] == HTTPStatus.OK
    eventually(lambda: core_status(clone) == HTTPStatus.OK, "the core is back")
    assert inspected(CORE)["RestartCount"] == restarts + 1


def test_a_removed_container_is_made_again(clone: Clone):
    docker("container", "rm", "--force", API)
    clone.kaldra("up", stack=LOCAL_STACK)
    assert clone.get("/status/", port=clone.local_port)[0] == HTTPStatus.OK


def test_an_up_that_was_killed_goes_on(clone: Clone):
    with clone.edited(
        f"Pulumi.{LOCAL_STACK}.yaml", "config:\n", "config:\n  kaldra:logLevel: DEBUG\n"
    ):
        process = clone.start(*UP)
        eventually(
            lambda: pending(clone) or process.poll() is not None, "containers being made", 300
        )
        assert process.poll() is None
        kill_tree(process.pid)
        process.wait()
        clone.kaldra("up", stack=LOCAL_STACK)
        clone.kaldra("preview", "--expect-no-changes", stack=LOCAL_STACK)
        assert "KALDRA_LOG_LEVEL=DEBUG" in inspected(CORE)["Config"]["Env"]
        assert clone.get("/status/core", port=clone.local_port)[0] == HTTPStatus.OK


@pytest.mark.parametrize(
    ("module", "line", "message"),
    [
        ("app", "KALDRA_LOG_LEVEL=LOUD", "KALDRA_LOG_LEVEL is wrong: input should be 'DEBUG'"),
        ("core", "CORE_THREADS=none", "CORE_THREADS is wrong: input should be a valid integer"),
        ("app", "API_PRT=8000", "API_PRT is no variable of ours. Did you mean API_PORT?"),
    ],
)
def test_a_wrong_env_file_is_told_with_line_and_variable(
    clone: Clone, module: str, line: str, message: str
):
    commands = (("./kaldra", "serve"), UP, (".venv/bin/python", "-m", module))
    with env_file(clone, "# mine", line) as path:
        for command in commands:
            said = clone.run(*command, code=2).output
            assert f"{path}, line 2: {message}" in said


def test_an_env_file_fills_what_the_stack_leaves_open(clone: Clone):
    lines = ("API_PORT=1", "KALDRA_LOG_LEVEL=DEBUG", "KALDRA_RATE_LIMIT=7", "CORE_THREADS=3")
    with env_file(clone, *lines) as path:
        said = clone.kaldra("up", stack=LOCAL_STACK).output
        assert f"From {path}, unless set in the stack file: API_PORT, CORE_THREADS" in said
        assert {"KALDRA_LOG_LEVEL=DEBUG", "CORE_THREADS=3"} <= set(inspected(CORE)["Config"]["Env"])
        assert {"KALDRA_RATE_LIMIT=7", "API_PORT=8000"} <= set(inspected(API)["Config"]["Env"])
        assert clone.get("/status/", port=clone.local_port)[0] == HTTPStatus.OK
        plain(clone, "pulumi preview --expect-no-changes --non-interactive")
    clone.kaldra("up", stack=LOCAL_STACK)


def test_no_attack_ends_a_container_or_keeps_others_from_being_served(clone: Clone):
    with (
        env_file(clone, "KALDRA_RATE_LIMIT=0", "KALDRA_TEXT_LIMIT=0"),
        clone.edited(f"Pulumi.{LOCAL_STACK}.yaml", "config:\n", "config:\n"),
    ):
        for name, key in under_attack.KEYS.items():
            plain(clone, f"pulumi config set --secret --path kaldra:apiKeys.{name} {key}")
        clone.kaldra("up", stack=LOCAL_STACK)
        before = {name: inspected(name)["State"]["StartedAt"] for name in (CORE, API)}
        for attack in under_attack.ATTACKS:
            seen = asyncio.run(attacked(attack, clone.local_port))
            statuses = {status for status, _ in seen.signals + seen.healths}
            assert statuses == {HTTPStatus.OK}, attack.__name__
            for name, started in before.items():
                found = inspected(name)
                assert not found["State"]["OOMKilled"], attack.__name__
                assert found["State"]["StartedAt"] == started, attack.__name__
                assert found["RestartCount"] == 0
    clone.kaldra("up", stack=LOCAL_STACK)


async def attacked(attack: under_attack.Attack, port: int) -> Seen:
    async with under_attack.attacked(attack, port) as seen:
        await asyncio.sleep(ATTACK_SECONDS)
    return seen


def test_an_engine_that_does_not_answer_is_told(clone: Clone):
    for verb in ("up", "status", "logs", "down"):
        said = clone.kaldra(verb, stack=LOCAL_STACK, code=1, DOCKER_HOST=NOBODY).output
        assert "No Docker Engine answers at" in said
        assert NOBODY in said


def test_down_leaves_nothing_but_the_images(clone: Clone):
    images = [inspected(name)["Image"] for name in (CORE, API)]
    for _ in range(2):
        clone.kaldra("down", stack=LOCAL_STACK)
        assert [item for item in leftovers() if NETWORK in item] == []
        assert not {CORE, API} & set(docker("ps", "--all", "--format", "{{.Names}}").split())
    for image in images:
        docker("image", "inspect", image)
    said = clone.kaldra("status", stack=LOCAL_STACK, code=1).output
    assert f"Stack {LOCAL_STACK} is not deployed." in said


def test_the_checklist_holds_and_takes_nothing_down(clone: Clone):
    clone.kaldra("up", stack=LOCAL_STACK)
    before = inspected(API)["Id"]
    said = clone.kaldra("checklist", stack=LOCAL_STACK, code=1).output
    assert said.count("✔") == 6, said
    (hint,) = [line.partition("→ ")[2] for line in said.splitlines() if "→ cp " in line]
    assert hint == "cp .env.example .env"
    theirs = [tag for tag in DEV_TAGS if run("image", "inspect", tag, check=False).returncode == 0]
    clone.run("bash", "-euc", hint)
    try:
        said = clone.kaldra("checklist", stack=LOCAL_STACK).output
    finally:
        (clone.root / ".env").unlink()
        for tag in set(DEV_TAGS) - set(theirs):
            run("image", "rm", tag, check=False)
    assert said.count("✔") == 7, said
    assert inspected(API)["Id"] == before
    clone.kaldra("down", "--yes", stack=LOCAL_STACK)
    assert [item for item in leftovers() if NETWORK in item] == []


def inspected(name: str) -> dict[str, Any]:
    return dict(json.loads(docker("container", "inspect", name))[0])


def core_status(clone: Clone) -> int:
    return clone.get("/status/core", port=clone.local_port)[0]


def plain(clone: Clone, commands: str) -> None:
    """Run commands as a user does who types plain pulumi."""
    environment = f'eval "$(./kaldra env --stack {LOCAL_STACK})"'
    clone.run("bash", "-euc", f"{environment}\n{commands}")


def pending(clone: Clone) -> bool:
    """Whether the stack's state tells of a container being made."""
    checkpoint = clone.checkpoint.with_name(f"{LOCAL_STACK}.json")
    with suppress(OSError, ValueError):
        latest = json.loads(checkpoint.read_text())["checkpoint"]["latest"]
        operations = latest.get("pending_operations") or []
        return any(one["resource"]["type"] == CONTAINER for one in operations)
    return False


@contextmanager
def env_file(clone: Clone, *lines: str) -> Iterator[Path]:
    """A `.env` in the copy until the block ends."""
    path = clone.root / ".env"
    path.write_text("\n".join(lines))
    try:
        yield path
    finally:
        path.unlink()
