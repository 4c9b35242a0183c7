"""Whether a stack is ready, with a kubectl that is a script."""

from unittest.mock import Mock

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


def far(**settings):
    values = {"target": "dev", "kubeContext": "far", "kubeconfig": "/far/config", **settings}
    return Workspace("far", Settings.model_validate(values))


def test_a_cluster_that_does_not_is_named_with_its_own_words(kubectl):
    kubectl('echo "E1 noise" >&2; echo "error: connection refused" >&2; exit 1')
    with pytest.raises(KaldraError) as caught:
        health.require_cluster(far())
    said = "The cluster of stack far (context far of /far/config) cannot be used: "
    assert str(caught.value) == f"{said}connection refused"
    assert "kaldra:kubeContext" in caught.value.hint


def deployments(*, core, api=None, **status):
    """What kubectl tells of Deployments with so many ready pods."""
    counts = {"kaldra-core": core, "kaldra-api": api}
    spec = {"replicas": 1, "template": {"spec": {"containers": [{"image": "r/x@sha256:1"}]}}}
    return [
        {
            "metadata": {"name": name, "generation": 2},
            "spec": spec,
            "status": {
                **dict.fromkeys(("replicas", "readyReplicas", "updatedReplicas"), count),
                "observedGeneration": 2,
                **status,
            },
        }
        for name, count in counts.items()
        if count is not None
    ]


@pytest.fixture
def listed(monkeypatch):
    """What kubectl lists."""
    listed = Mock()
    monkeypatch.setattr(health.kubectl, "listed", listed)
    return listed


@pytest.mark.parametrize(
    "found",
    [
        deployments(core=0),
        # Ready pods of an older template are not counted.
        deployments(core=1, replicas=2),
        deployments(core=1, updatedReplicas=0),
        deployments(core=1, observedGeneration=1),
    ],
)
def test_a_deployment_that_is_gone_or_has_too_few_pods_is_not_well(listed, found):
    listed.return_value = found
    core, api = health.workloads(far())
    assert str(core) == "✗ kaldra-core  0/1 ready  r/x@sha256:1"
    assert str(api) == "✗ kaldra-api  0/1 ready  does not exist"
    assert (core.exists, api.exists) == (True, False)


LATE = deployments(core=0, api=1)


def test_up_waits_for_the_pods_that_are_promised(listed, monkeypatch):
    monkeypatch.setattr(health, "ASK_AGAIN_SECONDS", 0.0)
    listed.side_effect = [LATE, LATE, deployments(core=1, api=1)]
    with http_server(lambda _: (200, b'{"status":"online"}')) as port:
        assert health.wait(far(apiPort=port), CONSOLE) == '{"status":"online"}'
    assert listed.call_count == 3


def test_pods_that_never_come_are_told(listed):
    listed.return_value = LATE
    at_once = far().settings.model_copy(update={"rollout_timeout_seconds": 0})
    with pytest.raises(KaldraError, match=r"Not ready after 0 s: kaldra-core 0 of 1\."):
        health.wait(Workspace("far", at_once), CONSOLE)


def test_a_gateway_that_does_not_answer_is_named():
    with pytest.raises(KaldraError, match=r"127\.0\.0\.1:1/status/ does not answer") as caught:
        health.ask_gateway(far(apiPort=1), CONSOLE, seconds=0)
    assert caught.value.hint == "./kaldra logs --stack far"


def test_no_pod_to_forward_to_is_told(kubectl):
    kubectl('echo "error: unable to forward port because pod is not running"; exit 1')
    with (
        pytest.raises(KaldraError, match=r"Cannot connect to a pod of kaldra-api: .*not running"),
        forward.forwarded(far(), API),
    ):
        pass


def test_a_forward_ends_with_its_block(kubectl, tmp_path):
    ready = "Forwarding from 127.0.0.1:34567 -> 8000"
    loop = "while :; do sleep 0.02; done"
    kubectl(f"trap 'touch {tmp_path}/ended; exit' TERM; echo '{ready}'; {loop}")
    with forward.forwarded(far(), API) as address:
        assert address == "http://127.0.0.1:34567"
    assert (tmp_path / "ended").exists()
