"""Whether a stack is ready, with a kubectl that is a script."""

import json

import pytest

from kaldra.cli import forward, health
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.errors import KaldraError
from kaldra.stack.services import API
from kaldra.stack.settings import Settings
from tests.fakes.programs import program
from tests.fakes.servers import http_server

CONSOLE = Console(quiet=True)


@pytest.fixture
def kubectl(state):
    """A function that puts a script in kubectl's place."""
    return lambda script: program(state / "bin" / "kubectl", script)


@pytest.fixture
def gateway():
    """The port of a gateway that says it is online."""
    with http_server(lambda _: (200, b'{"status":"online"}')) as port:
        yield port


@pytest.fixture
def workspace(gateway):
    values = {"target": "dev", "kubeContext": "far", "kubeconfig": "/far/config"}
    return Workspace("far", Settings.model_validate({**values, "apiPort": gateway}))


def test_a_cluster_that_does_not_is_named_with_its_own_words(kubectl, workspace):
    kubectl('echo "E1 noise" >&2; echo "error: connection refused" >&2; exit 1')
    with pytest.raises(KaldraError) as caught:
        health.require_cluster(workspace)
    said = "The cluster of stack far (context far of /far/config) cannot be used: "
    assert str(caught.value) == f"{said}connection refused"
    assert "kaldra:kubeContext" in caught.value.hint


def deployments(status=None, **ready):
    spec = {"template": {"spec": {"containers": [{"image": "r/x@sha256:1"}]}}}
    items = [
        {
            "metadata": {"name": f"kaldra-{name}", "generation": 2},
            "spec": {**spec, "replicas": 1},
            "status": {
                "replicas": count,
                "readyReplicas": count,
                "updatedReplicas": count,
                "observedGeneration": 2,
                **(status or {}),
            },
        }
        for name, count in ready.items()
    ]
    return json.dumps({"items": items})


def test_a_deployment_that_is_gone_or_has_too_few_pods_is_not_well(kubectl, workspace, tmp_path):
    (tmp_path / "found").write_text(deployments(core=0))
    kubectl(f"cat {tmp_path}/found")
    core, api = health.workloads(workspace)
    assert str(core) == "✗ kaldra-core  0/1 ready  r/x@sha256:1"
    assert str(api) == "✗ kaldra-api  0/1 ready  does not exist"
    assert core.exists
    assert not api.exists


@pytest.mark.parametrize(
    "status", [{"replicas": 2}, {"updatedReplicas": 0}, {"observedGeneration": 1}]
)
def test_ready_pods_of_an_older_template_are_not_counted(kubectl, workspace, tmp_path, status):
    (tmp_path / "found").write_text(deployments(status, core=1, api=1))
    kubectl(f"cat {tmp_path}/found")
    assert [workload.ready for workload in health.workloads(workspace)] == [0, 0]


def test_up_waits_for_the_pods_that_are_promised(kubectl, workspace, tmp_path, monkeypatch):
    monkeypatch.setattr(health, "ASK_AGAIN_SECONDS", 0.0)
    (tmp_path / "one").write_text(deployments(core=0, api=1))
    (tmp_path / "two").write_text(deployments(core=1, api=1))
    asked = tmp_path / "asked"
    asked.write_text("")
    kubectl(
        f'case "$(cat {asked})" in ..) cat {tmp_path}/two;; *) cat {tmp_path}/one;; esac; '
        f"printf . >> {asked}"
    )
    assert health.wait(workspace, CONSOLE) == '{"status":"online"}'
    assert asked.read_text() == "..."


def test_pods_that_never_come_are_told(kubectl, workspace, tmp_path):
    at_once = workspace.settings.model_copy(update={"rollout_timeout_seconds": 0})
    (tmp_path / "one").write_text(deployments(core=0, api=1))
    kubectl(f"cat {tmp_path}/one")
    with pytest.raises(KaldraError, match=r"Not ready after 0 s: kaldra-core 0 of 1\."):
        health.wait(Workspace("far", at_once), CONSOLE)


def test_a_gateway_that_does_not_answer_is_named(workspace):
    nobody = workspace.settings.model_copy(update={"api_port": 1})
    with pytest.raises(KaldraError, match=r"127\.0\.0\.1:1/status/ does not answer") as caught:
        health.ask_gateway(Workspace("far", nobody), CONSOLE, seconds=0)
    assert caught.value.hint == "./kaldra logs --stack far"


def test_no_pod_to_forward_to_is_told(kubectl, workspace):
    kubectl('echo "error: unable to forward port because pod is not running"; exit 1')
    with (
        pytest.raises(KaldraError, match=r"Cannot connect to a pod of kaldra-api: .*not running"),
        forward.forwarded(workspace, API),
    ):
        pass


def test_a_forward_ends_with_its_block(kubectl, workspace, tmp_path):
    ready = "Forwarding from 127.0.0.1:34567 -> 8000"
    loop = "while :; do sleep 0.02; done"
    kubectl(f"trap 'touch {tmp_path}/ended; exit' TERM; echo '{ready}'; {loop}")
    with forward.forwarded(workspace, API) as address:
        assert address == "http://127.0.0.1:34567"
    assert (tmp_path / "ended").exists()
