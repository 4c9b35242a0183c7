"""Whatever was killed or lost: the same command again goes on."""

import signal
import socket

import pytest

from tests.e2e.clone import STACK, Clone, eventually
from tests.e2e.docker import docker, inspected
from tests.e2e.machine import NAME
from tests.e2e.process_tree import kill_tree

IMAGE = "docker:index/image:Image"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
NODE = f"{NAME}-control-plane"
DEAD_PROXY = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")


@pytest.mark.parametrize("type_", [IMAGE, DEPLOYMENT])
def test_up_goes_on_where_a_killed_one_was(breakable: Clone, type_: str):
    name = type_.rpartition(":")[2].lower()
    with breakable.release(name):
        kill_tree(breakable.start_up(type_))
        breakable.up()
        breakable.await_version(f"0.1.0+{name}")
        breakable.kaldra("preview", "--expect-no-changes")


def test_a_second_run_waits_for_no_one_and_says_so(breakable: Clone):
    # A rollout that takes longer than the second run takes to find it, also with cached layers.
    slow = breakable.edited(
        "app/__init__.py", "__version__", "import time\n\ntime.sleep(8)\n__version__"
    )
    with breakable.release("first"), slow:
        process = breakable.start_up(IMAGE)
        said = breakable.kaldra("up", code=1)
        assert f"Another run works on stack {STACK} (pid " in said
        assert process.wait(120) == 0
        breakable.await_version("0.1.0+first")


def test_an_up_that_is_told_to_end_does_so_in_good_order(breakable: Clone):
    with breakable.release("ended"):
        process = breakable.start_up(DEPLOYMENT)
        process.send_signal(signal.SIGTERM)
        assert process.wait(90) == 128 + signal.SIGTERM
        assert not breakable.pending(DEPLOYMENT)
        breakable.up()


def test_a_lost_cluster_is_made_again_even_if_that_is_killed_once(breakable: Clone):
    docker("container", "rm", "--force", "--volumes", NODE)
    process = breakable.start("./kaldra", "up", "--stack", STACK)
    running = ("container", "ls", "--format={{.Names}}")
    eventually(lambda: NODE in docker(*running).split() or process.poll() is not None, "a node")
    kill_tree(process)
    asked = breakable.kaldra("doctor", "--fix", code=2)
    assert f"Creating cluster {NAME} was interrupted." in asked
    # Its containerd gets the proxy, and pulls from the registry beside it without.
    breakable.follow(asked, **DEAD_PROXY)
    breakable.up()
    given = dict(line.partition("=")[::2] for line in inspected(NODE)["Config"]["Env"])
    assert given["HTTP_PROXY"] == DEAD_PROXY["HTTP_PROXY"]
    assert {NODE, f"{NAME}-registry"} <= set(given["NO_PROXY"].split(","))
    breakable.kaldra("preview", "--expect-no-changes")


def test_a_lost_registry_is_filled_again_and_a_cluster_that_is_paused_goes_on(breakable: Clone):
    before = inspected(NODE)["Id"]
    docker("container", "pause", NODE)
    docker("container", "rm", "--force", f"{NAME}-registry")
    docker("volume", "rm", "--force", f"{NAME}-registry")
    assert f"✓ kind cluster {NAME} · started" in breakable.up()
    assert inspected(NODE)["Id"] == before
    assert breakable.layers("api").keys()
    assert breakable.layers("core").keys()


def test_a_stopped_node_that_gets_another_address_goes_on(breakable: Clone):
    before, taker = inspected(NODE), f"{NAME}-address"
    docker("container", "stop", NODE)
    own = ("--detach", "--name", taker, "--network", NAME, "--entrypoint", "sleep")
    docker("run", *own, before["Image"], "600")
    try:
        assert f"✓ kind cluster {NAME} · started" in breakable.up()
    finally:
        docker("container", "rm", "--force", taker)
    after = inspected(NODE)
    assert after["Id"] == before["Id"]
    addresses = {node["NetworkSettings"]["Networks"][NAME]["IPAddress"] for node in (before, after)}
    assert len(addresses) == 2
    breakable.kaldra("preview", "--expect-no-changes")


def test_doctor_repairs_without_deploying(breakable: Clone):
    docker("container", "stop", NODE, f"{NAME}-registry")
    (breakable.state / "kubeconfig").unlink()
    locks = breakable.state / "state" / ".pulumi" / "locks" / "organization" / "kaldra" / STACK
    locks.mkdir(parents=True, exist_ok=True)
    (locks / "dead.json").write_text(f'{{"pid": 4194304, "hostname": "{socket.gethostname()}"}}')
    said = breakable.kaldra("doctor", code=1)
    assert f"registry {NAME}-registry" in said
    assert "left it locked" in said
    assert "./kaldra doctor --fix" in said
    breakable.kaldra("doctor", "--fix")
    assert list(locks.iterdir()) == []
    eventually(lambda: breakable.get("/status/")[0] == 200, "an answer")
    breakable.kaldra("preview", "--expect-no-changes")
