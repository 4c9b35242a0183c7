import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.platform.stack.program import declare, one

CONTAINER = "docker:index/container:Container"
TMP = "/tmp"  # noqa: S108  the container's own
LIVE = "/live"


@pytest.fixture
def local():
    return declare(stack="local", target="local")


def test_keys_reach_the_container_as_files_nobody_else_may_list(own_state):
    local = declare(stack="local", state=own_state, target="local")
    volume = one(local, CONTAINER, "kaldra-api")["volumes"][0]
    folder = Path(volume["hostPath"])
    assert [f.name for f in folder.iterdir()] == ["dev"]
    assert folder.parent.stat().st_mode & 0o777 == 0o700
    assert (folder / "dev").read_text() not in repr([d.inputs for d in local])


@pytest.mark.parametrize("name", ["kaldra-core", "kaldra-api"])
def test_both_targets_run_a_service_alike(local, name):
    """Field by field: environment, user, rights, limits, places to write, grace and probes."""
    dev = declare()
    pod = one(dev, "kubernetes:apps/v1:Deployment", name)["spec"]["template"]["spec"]
    inside = pod["containers"][0]
    docker = one(local, CONTAINER, name)
    config = one(dev, "kubernetes:core/v1:ConfigMap", f"{name}-env")["data"]
    user, rights = pod["securityContext"], inside["securityContext"]
    limits, requests = inside["resources"]["limits"], inside["resources"]["requests"]
    sizes = {v["name"]: v["emptyDir"]["sizeLimit"].lower()[:-1] for v in pod["volumes"][:2]}
    assert docker["envs"] == sorted(f"{k}={v}" for k, v in config.items())
    assert docker["user"] == f"{user['runAsUser']:.0f}:{user['runAsGroup']:.0f}"
    assert docker["readOnly"] is rights["readOnlyRootFilesystem"] is True
    assert docker["capabilities"]["drops"] == rights["capabilities"]["drop"] == ["ALL"]
    assert rights["allowPrivilegeEscalation"] is False
    assert f"{docker['memory']:.0f}Mi" == limits["memory"]
    assert f"{float(docker['cpus']) * 1000:.0f}m" == limits["cpu"]
    assert requests.keys() == limits.keys()
    assert docker["tmpfs"] == {
        TMP: f"size={sizes['tmp']},mode=1777",
        LIVE: f"size={sizes['live']},mode=0700,uid=10001,gid=10001",
    }
    assert docker["command"] == inside["command"]
    assert docker["destroyGraceSeconds"] <= pod["terminationGracePeriodSeconds"]
    mounts = {m["mountPath"] for m in inside["volumeMounts"]} - {TMP, LIVE}
    assert {v["containerPath"] for v in docker["volumes"]} == mounts
    (port,) = inside["ports"]
    asked = inside["readinessProbe"]["httpGet"]
    assert asked["port"] == port["name"]
    question = docker["healthcheck"]["tests"][-1]
    assert f"('127.0.0.1', {port['containerPort']:.0f}), 2)" in question
    assert f"GET {asked['path']} HTTP" in question
    assert inside["readinessProbe"]["timeoutSeconds"] == 2


def test_without_live_code_both_targets_run_the_command_of_the_image():
    local = declare(stack="local", target="local", live=False)
    container = one(local, CONTAINER, "kaldra-api")
    assert "command" not in container
    assert container["tmpfs"].keys() == {TMP}
    dev = one(declare(live=False), "kubernetes:apps/v1:Deployment", "kaldra-api")
    pod = dev["spec"]["template"]["spec"]
    assert "command" not in pod["containers"][0]
    assert [v["name"] for v in pod["volumes"]] == ["tmp", "api-keys"]


def test_the_probe_of_a_container_asks_the_service(local, free_port):
    *interpreter, probe = one(local, CONTAINER, "kaldra-core")["healthcheck"]["tests"][2:]
    command = [sys.executable, *interpreter, probe.replace("9000", str(free_port))]
    # Nobody listens.
    assert subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 1
    with socket.create_server(("127.0.0.1", free_port)) as service:
        for answer, code in (("200 OK", 0), ("503 Service Unavailable", 1)):
            asking = subprocess.Popen(command, stderr=subprocess.DEVNULL)
            connection, _ = service.accept()
            with connection:
                assert connection.recv(100) == b"GET /ready HTTP/1.0\r\n\r\n"
                connection.sendall(f"HTTP/1.1 {answer}\r\n".encode())
                assert asking.wait() == code
