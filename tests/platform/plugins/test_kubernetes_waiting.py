import threading
from typing import Any

import pytest

from kaldra.plugins.host import Severity
from kaldra.plugins.kubernetes import waiting
from kaldra.plugins.kubernetes.kinds import kind_of
from kaldra.plugins.protocol import provider_pb2
from kaldra.plugins.values import Secret, decode, encode
from tests.platform.plugins.conftest import Kubernetes
from tests.platform.plugins.engine import CallFailedError, urn

DEPLOYMENT = urn("kubernetes:apps/v1:Deployment", "web")
LABELS = {"app": "web"}
REVISION = {"deployment.kubernetes.io/revision": "2"}


def program(**annotations: str) -> dict[str, Any]:
    return {
        "metadata": {"name": "web", "namespace": "prod", "annotations": annotations},
        "spec": {
            "selector": {"matchLabels": LABELS},
            "template": {"metadata": {"labels": LABELS}, "spec": {"containers": []}},
        },
    }


def create(
    k: Kubernetes, annotation: tuple[str, str] = ("", ""), *, timeout: float = 20
) -> tuple[str, Any]:
    key, value = annotation
    inputs = k.engine.check(DEPLOYMENT, program(**({key: value} if key else {})))
    id_, state = k.engine.create(DEPLOYMENT, inputs, timeout=timeout)
    return id_, state


def rollout(obj: dict[str, Any], *, available: int, **more: Any) -> None:
    obj["status"] = {
        "observedGeneration": obj["metadata"]["generation"],
        "replicas": 1,
        "updatedReplicas": 1,
        "availableReplicas": available,
        **more,
    }


def pods_that(k: Kubernetes, status: dict[str, Any]) -> None:
    """Let the deployment's new pod have this container status."""

    def controller(plural: str, obj: dict[str, Any]) -> None:
        if plural != "deployments":
            return
        rollout(obj, available=0)
        obj["metadata"].setdefault("annotations", {}).update(REVISION)
        for name, revision in (("web-old", "1"), ("web-new", "2")):
            owner = {"controller": True, "uid": obj["metadata"]["uid"]}
            replica_set = k.cluster.add(
                "replicasets",
                {
                    "metadata": {
                        "name": name,
                        "namespace": "prod",
                        "labels": LABELS,
                        "annotations": {"deployment.kubernetes.io/revision": revision},
                        "ownerReferences": [owner],
                    }
                },
            )
            bad = {"name": "web", "ready": False, **status}
            good = {"name": "web", "ready": True, "state": {"running": {}}}
            k.cluster.add(
                "pods",
                {
                    "metadata": {
                        "name": f"{name}-1",
                        "namespace": "prod",
                        "labels": LABELS,
                        "ownerReferences": [
                            {"controller": True, "uid": replica_set["metadata"]["uid"]}
                        ],
                    },
                    "status": {"containerStatuses": [bad if revision == "2" else good]},
                },
            )

    k.cluster.controller = controller


def crashed(restarts: int) -> dict[str, Any]:
    return {
        "restartCount": restarts,
        "state": {
            "waiting": {
                "reason": "CrashLoopBackOff",
                "message": "back-off 20s restarting failed container=web pod=web-new-1",
            }
        },
        "lastState": {"terminated": {"exitCode": 3, "reason": "Error"}},
    }


def test_a_rollout_is_waited_for_and_shown(kubernetes):
    polls = 0

    def controller(plural: str, obj: dict[str, Any]) -> None:
        rollout(obj, available=0)

    kubernetes.cluster.controller = controller
    handle = kubernetes.cluster.handle

    def counting(method: str, url: str, body: Any) -> Any:
        nonlocal polls
        if method == "GET" and url.endswith("/deployments/web"):
            polls += 1
            if polls == 3:
                rollout(kubernetes.cluster.get("deployments", "prod/web"), available=1)
        return handle(method, url, body)

    kubernetes.cluster.handle = counting
    _, state = create(kubernetes)
    assert state["status"]["availableReplicas"] == 1
    assert kubernetes.host.texts(Severity.INFO) == ["0 of 1 pods available", ""]


def test_a_crash_loop_fails_early_with_reason_events_and_last_words(kubernetes):
    kubernetes.engine.check(
        urn("kubernetes:core/v1:Secret", "keys"), {"stringData": {"key": Secret("c4nary-value")}}
    )
    pods_that(kubernetes, crashed(restarts=2))
    kubernetes.cluster.logs["web", False] = "starting\nkey is c4nary-value\nno such setting\n"
    kubernetes.cluster.add(
        "events",
        {
            "metadata": {"name": "e", "namespace": "prod"},
            "involvedObject": {"name": "web-new-1"},
            "reason": "BackOff",
            "message": "Back-off restarting",
        },
    )
    with pytest.raises(CallFailedError) as caught:
        create(kubernetes, timeout=600)
    assert str(caught.value).splitlines() == [
        "Deployment web is not ready: container web fails each time it is started",
        "pod web-new-1, container web: CrashLoopBackOff: exit code 3 (restarted 2 times)",
        "  events:",
        "    BackOff: Back-off restarting",
        "  last log lines:",
        "    starting",
        "    key is [secret]",
        "    no such setting",
    ]
    assert caught.value.failed.id == "prod/web"
    assert caught.value.kept["metadata"]["uid"], "what exists is recorded"
    assert decode(caught.value.failed.inputs)["metadata"]["name"] == "web"


def test_one_crash_is_not_yet_a_crash_loop(kubernetes):
    pods_that(kubernetes, crashed(restarts=1))
    with pytest.raises(CallFailedError, match=r"not within 0.3 s: 0 of 1 pods available"):
        create(kubernetes, timeout=0.3)


def test_the_log_before_the_restart_is_shown_while_the_next_try_runs(kubernetes):
    pods_that(
        kubernetes,
        {
            "restartCount": 1,
            "state": {"running": {}},
            "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}},
        },
    )
    kubernetes.cluster.logs["web", True] = "loading everything"
    kubernetes.cluster.logs["web", False] = "just started"
    with pytest.raises(CallFailedError) as caught:
        create(kubernetes, timeout=0.3)
    assert r"Restarted: exit code 137 (OOMKilled)" in str(caught.value)
    assert "loading everything" in str(caught.value)
    assert "just started" not in str(caught.value)


def test_an_image_that_cannot_be_had_fails_with_the_registrys_words(kubernetes, monkeypatch):
    monkeypatch.setitem(waiting._PATIENCE_SECONDS, "ImagePullBackOff", 0.0)
    waiting_for = {"reason": "ImagePullBackOff", "message": 'image "web:9": not found'}
    pods_that(kubernetes, {"state": {"waiting": waiting_for}})
    with pytest.raises(CallFailedError, match=r'ImagePullBackOff: image "web:9": not found'):
        create(kubernetes, timeout=600)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (
            {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded",
             "message": "timed out progressing", "lastUpdateTime": "2999-01-01T00:00:00Z"},
            "made no progress",
        ),
        (
            {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate",
             "message": 'violates PodSecurity "restricted"'},
            "its pods are refused",
        ),
    ],
)  # fmt: skip
def test_a_rollout_the_cluster_gave_up_is_given_up(kubernetes, condition, said):
    kubernetes.cluster.controller = lambda _plural, obj: rollout(
        obj, available=0, conditions=[condition]
    )
    with pytest.raises(CallFailedError, match=said) as caught:
        create(kubernetes, timeout=600)
    assert condition["message"] in str(caught.value)


def test_a_deadline_missed_before_this_update_is_not_held_against_it(kubernetes):
    condition = {
        "reason": "ProgressDeadlineExceeded",
        "lastUpdateTime": "2001-01-01T00:00:00Z",
    }
    kubernetes.cluster.controller = lambda _plural, obj: rollout(
        obj, available=0, conditions=[condition]
    )
    with pytest.raises(CallFailedError, match=r"not within 0.3 s"):
        create(kubernetes, timeout=0.3)


def test_annotations_set_the_timeout_or_skip_the_wait(kubernetes):
    with pytest.raises(CallFailedError, match="not within 0 s: waiting for the rollout to begin"):
        create(kubernetes, ("pulumi.com/timeoutSeconds", "0"), timeout=0)
    assert create(kubernetes, ("pulumi.com/skipAwait", "true"))[0] == "prod/web"


def test_cancelling_ends_a_wait_and_keeps_what_exists(kubernetes):
    inputs = kubernetes.engine.check(DEPLOYMENT, program())
    started = threading.Event()
    kubernetes.cluster.controller = lambda _plural, _obj: started.set()
    call = kubernetes.engine.stub.Create.future(
        provider_pb2.CreateRequest(urn=DEPLOYMENT, properties=encode(inputs), timeout=600)
    )
    assert started.wait(20)
    kubernetes.engine.cancel()
    error = CallFailedError(call.exception(timeout=20))
    assert "cancelled while: waiting for the rollout to begin" in str(error)
    assert error.failed.id == "prod/web"


def test_refresh_of_an_unready_deployment_keeps_it_and_says_so(kubernetes):
    kubernetes.cluster.controller = lambda _plural, obj: rollout(obj, available=1)
    inputs = kubernetes.engine.check(DEPLOYMENT, program())
    id_, state = kubernetes.engine.create(DEPLOYMENT, inputs)
    rollout(kubernetes.cluster.get("deployments", "prod/web"), available=0)
    with pytest.raises(CallFailedError, match="not ready: 0 of 1 pods available") as caught:
        kubernetes.engine.read(DEPLOYMENT, id_, (inputs, state))
    assert caught.value.kept["status"]["availableReplicas"] == 0


@pytest.mark.parametrize(
    ("kind", "live", "waits"),
    [
        ("Service", {"spec": {"type": "ClusterIP"}}, False),
        ("Service", {"spec": {"type": "LoadBalancer"}}, True),
        ("ResourceQuota", {"spec": {"hard": {"pods": "1"}}}, True),
        ("ConfigMap", {}, False),
    ],
)
def test_what_other_kinds_wait_for(kind, live, waits):
    found = kind_of(f"kubernetes:core/v1:{kind}")
    assert bool(waiting.readiness(found, live, {})) is waits
