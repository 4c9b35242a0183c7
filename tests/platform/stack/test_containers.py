from pathlib import Path

import pytest
from stack_program import declare, one

CONTAINER = "docker:index/container:Container"


@pytest.fixture
def local():
    return declare(stack="local", target="local")


def test_docker_alone_needs_no_cluster_and_no_registry(local):
    assert not [d for d in local if "kubernetes" in d.type]
    images = [d for d in local if d.type == "docker:index/image:Image"]
    assert [d.inputs["skipPush"] for d in images] == [True, True]


def test_only_the_gateway_is_published_and_only_on_loopback(local):
    ports = one(local, CONTAINER, "kaldra-api")["ports"]
    assert ports == [{"internal": 8000, "external": 8000, "ip": "127.0.0.1", "protocol": "tcp"}]
    assert one(local, CONTAINER, "kaldra-core")["ports"] == []


def test_keys_reach_the_container_as_files_nobody_else_may_list(own_state):
    local = declare(stack="local", state=own_state, target="local")
    volume = one(local, CONTAINER, "kaldra-api")["volumes"][0]
    folder = Path(volume["hostPath"])
    assert [f.name for f in folder.iterdir()] == ["dev"]
    assert folder.parent.stat().st_mode & 0o777 == 0o700
    assert (folder / "dev").read_text() not in repr([d.inputs for d in local])


@pytest.mark.parametrize("name", ["kaldra-core", "kaldra-api"])
def test_both_targets_run_a_service_alike(local, name):
    dev = declare()
    pod = one(dev, "kubernetes:apps/v1:Deployment", name)["spec"]["template"]["spec"]
    inside = pod["containers"][0]
    docker = one(local, CONTAINER, name)
    config = one(dev, "kubernetes:core/v1:ConfigMap", f"{name}-env")["data"]
    user = pod["securityContext"]
    assert docker["envs"] == sorted(f"{k}={v}" for k, v in config.items())
    assert docker["user"] == f"{user['runAsUser']:.0f}:{user['runAsGroup']:.0f}"
    assert docker["readOnly"] is inside["securityContext"]["readOnlyRootFilesystem"]
    assert docker["capabilities"]["drops"] == inside["securityContext"]["capabilities"]["drop"]
    assert f"{docker['memory']:.0f}Mi" == inside["resources"]["limits"]["memory"]
    assert f"{float(docker['cpus']) * 1000:.0f}m" == inside["resources"]["limits"]["cpu"]
    assert inside["readinessProbe"]["httpGet"]["path"] in docker["healthcheck"]["tests"][-1]
