"""The same services on Docker alone."""

import json

from tests.e2e.clone import LOCAL_STACK, NAME, Clone
from tests.e2e.docker import docker, leftovers

NETWORK = f"{NAME}-local"


def test_up_goes_to_status_without_a_cluster(clone: Clone):
    clone.kaldra("up", stack=LOCAL_STACK)
    assert clone.get("/status/", port=clone.local_port)[0] == 200
    assert clone.get("/status/core", port=clone.local_port)[0] == 200


def test_up_again_changes_nothing(clone: Clone):
    assert set(clone.kaldra("up", stack=LOCAL_STACK).changes) == {"unchanged"}
    clone.kaldra("preview", "--expect-no-changes", stack=LOCAL_STACK)


def test_the_containers_may_do_little(clone: Clone):
    for name in containers():
        found = json.loads(docker("container", "inspect", name))[0]
        assert found["Config"]["User"] == "10001:10001"
        assert found["HostConfig"]["ReadonlyRootfs"]
        assert found["HostConfig"]["CapDrop"] == ["ALL"]
        assert clone.key not in json.dumps(found)


def test_a_removed_container_is_made_again(clone: Clone):
    docker("container", "rm", "--force", next(n for n in containers() if "api" in n))
    clone.kaldra("up", stack=LOCAL_STACK)
    assert clone.get("/status/", port=clone.local_port)[0] == 200


def test_down_leaves_nothing(clone: Clone):
    names = containers()
    clone.kaldra("down", stack=LOCAL_STACK)
    clone.kaldra("down", stack=LOCAL_STACK)
    assert [item for item in leftovers() if item.endswith("-local")] == []
    assert not set(names) & set(
        docker("container", "ls", "--all", "--format", "{{.Names}}").split()
    )


def containers() -> list[str]:
    """Names of both containers."""
    on_network = ("container", "ls", "--filter", f"network={NETWORK}", "--format", "{{.Names}}")
    names = docker(*on_network).split()
    assert len(names) == 2
    return names
