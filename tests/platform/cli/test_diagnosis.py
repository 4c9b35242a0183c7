from unittest.mock import Mock

import pytest

from kaldra.cli import diagnosis, kubectl
from kaldra.cli.workspace import Workspace
from kaldra.errors import KaldraError
from kaldra.stack.settings import Settings

WORKSPACE = Workspace("try", Settings(target="dev"))
CRASHED = {"exitCode": 1, "reason": "Error"}
BACK_OFF = {"reason": "CrashLoopBackOff", "message": "back-off 10s restarting failed container"}


def pod(name="api-1", state=None, metadata=None, **container):
    status = {"name": "api", "ready": False, "restartCount": 0, "state": state or {}, **container}
    return {
        "metadata": {"name": name, **(metadata or {})},
        "status": {"containerStatuses": [status]},
    }


def event(kind, name, message, *, time="2026-11-29T01:00:00Z"):
    return {
        "reason": "Failed",
        "message": message,
        "lastTimestamp": time,
        "involvedObject": {"kind": kind, "name": name},
    }


def reasons(*pods):
    return [problem.reason for problem in diagnosis.problems(list(pods))]


@pytest.fixture
def explained(monkeypatch):
    """The diagnosis of what kubectl tells."""

    def explained(pods=(), events=(), log=""):
        monkeypatch.setattr(kubectl, "listed", Mock(side_effect=[pods, events]))
        monkeypatch.setattr(kubectl, "read", Mock(return_value=log))
        return diagnosis.explain(WORKSPACE)

    return explained


@pytest.mark.parametrize(
    ("state", "before", "reason"),
    [
        ({"waiting": BACK_OFF}, CRASHED, "CrashLoopBackOff: Error, exit code 1"),
        ({"waiting": {"reason": "ImagePullBackOff", "message": "no"}}, {}, "ImagePullBackOff: no"),
        ({"terminated": {**CRASHED, "message": "bad"}}, {}, "Error, exit code 1: bad"),
        ({"running": {}}, {"exitCode": 137, "reason": "OOMKilled"}, "OOMKilled, exit code 137"),
        ({"running": {}}, {}, "NotReady: running, but its readiness probe fails"),
    ],
)
def test_a_container_that_is_not_ready_has_a_reason(state, before, reason):
    assert reasons(pod(state=state, lastState={"terminated": before})) == [reason]


@pytest.mark.parametrize(
    "harmless",
    [
        pod(state={"running": {}}, ready=True),
        pod(state={"waiting": {"reason": "ContainerCreating"}}),
        pod(state={"waiting": BACK_OFF}, metadata={"deletionTimestamp": "now"}),
    ],
)
def test_what_is_ready_starting_or_ending_is_no_problem(harmless):
    assert reasons(harmless) == []


def test_a_pod_that_fits_on_no_node_is_named():
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    unscheduled = {
        "metadata": {"name": "api-1"},
        "status": {"conditions": [{**condition, "message": "0/1 nodes are available"}]},
    }
    assert reasons(unscheduled) == ["Unschedulable: 0/1 nodes are available"]


def test_reason_events_and_log_lines_are_told_once_for_replicas_that_fail_alike(explained):
    crashing = {"state": {"waiting": BACK_OFF}, "lastState": {"terminated": CRASHED}}
    pods = [pod("api-1", restartCount=2, **crashing), pod("api-2", restartCount=3, **crashing)]
    events = [
        event("Pod", "api-2", "older"),
        event("Pod", "api-2", "newer", time="2026-11-29T02:00:00Z"),
        event("Pod", "other", "not about it"),
    ]
    assert explained(pods, events, "one\ntwo\n").splitlines() == [
        "pod api-2, container api: CrashLoopBackOff: Error, exit code 1 (restarted 3 times)",
        "  events:",
        "    Failed: newer",
        "    Failed: older",
        "  last log lines:",
        "    one",
        "    two",
    ]
    assert kubectl.read.call_args.args[1:3] == ("logs", "api-2")


def test_where_no_pod_could_be_made_the_replica_set_tells_why(explained):
    events = [event("ReplicaSet", "api-5f", "exceeded quota: kaldra")]
    assert explained(events=events) == "Failed: exceeded quota: kaldra"


def test_a_cluster_that_does_not_answer_has_no_diagnosis(monkeypatch):
    monkeypatch.setattr(kubectl, "listed", Mock(side_effect=KaldraError("no answer")))
    assert diagnosis.explain(WORKSPACE) == ""
