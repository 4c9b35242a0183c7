import copy

import pytest

from kaldra.plugins.host import Severity
from tests.platform.plugins.conftest import kubeconfig
from tests.platform.plugins.engine import CallFailedError
from tests.platform.plugins.kubernetes_program import (
    CONFIG,
    DEPLOYMENT,
    OF,
    Made,
    deployment,
    metadata,
)


def test_an_update_removes_what_left_the_program_and_keeps_what_others_hold(kubernetes):
    program = deployment(replicas=2, paused=True)
    made = Made(kubernetes, DEPLOYMENT, program)
    kubernetes.cluster.edit(
        "deployments", "prod/web", {"metadata": {"labels": {"seen": "yes"}}}, "watcher"
    )
    made.update(deployment(replicas=3))
    live = kubernetes.cluster.get("deployments", "prod/web")
    assert live["spec"]["replicas"] == 3
    assert "paused" not in live["spec"]
    assert live["metadata"]["labels"] == {"seen": "yes"}


def test_fields_a_controller_holds_are_a_conflict_that_names_it(kubernetes):
    made = Made(kubernetes, DEPLOYMENT, deployment(replicas=2))
    kubernetes.cluster.edit("deployments", "prod/web", {"spec": {"replicas": 5}}, "autoscaler")
    for preview in (True, False):
        with pytest.raises(CallFailedError) as caught:
            made.update(deployment(replicas=3), preview=preview)
        assert '.spec.replicas (conflict with "autoscaler"' in str(caught.value)
        assert "pulumi.com/patchForce" in str(caught.value)
    program = deployment(replicas=3)
    program["metadata"]["annotations"]["pulumi.com/patchForce"] = "true"
    made.update(program)
    assert kubernetes.cluster.get("deployments", "prod/web")["spec"]["replicas"] == 3


def test_ignored_fields_are_left_to_whoever_holds_them(kubernetes):
    made = Made(kubernetes, DEPLOYMENT, deployment(replicas=2))
    olds = made.inputs, made.state
    news = made.engine.check(DEPLOYMENT, deployment(replicas=2, paused=True), made.inputs)
    for holder in (None, "autoscaler"):
        if holder:
            kubernetes.cluster.edit("deployments", "prod/web", {"spec": {"replicas": 5}}, holder)
        made.engine.update(DEPLOYMENT, made.id, olds, news, ignored=["spec.replicas"])
        live = kubernetes.cluster.get("deployments", "prod/web")
        assert live["spec"]["replicas"] == (5 if holder else 2)
        assert live["spec"]["paused"] is True


def test_what_was_edited_by_hand_is_taken_back_and_said(kubernetes):
    made = Made(kubernetes, DEPLOYMENT, deployment(replicas=2))
    kubernetes.cluster.edit("deployments", "prod/web", {"spec": {"replicas": 5}}, "kubectl-edit")
    made.refresh()
    assert made.kinds(deployment(replicas=2)) == {"spec.replicas": OF.UPDATE}
    made.update(deployment(replicas=2))
    assert kubernetes.cluster.get("deployments", "prod/web")["spec"]["replicas"] == 2
    assert "taken back from kubectl-edit: .spec.replicas" in kubernetes.host.texts(Severity.INFO)


def test_a_stack_made_by_the_official_provider_goes_on(kubernetes):
    # It makes objects by POST under one name and applies under another, recorded in the state.
    program = deployment(replicas=2, paused=True)
    inputs = kubernetes.engine.check(DEPLOYMENT, program)
    live = kubernetes.cluster.handle(
        "POST",
        "/apis/apps/v1/namespaces/prod/deployments?fieldManager=pulumi-kubernetes",
        copy.deepcopy(inputs),
    )
    manager = "pulumi-kubernetes-0123abcd"
    official = {"__initialApiVersion": "apps/v1", "__fieldManager": manager}
    state = {**copy.deepcopy(live), **official, "__inputs": inputs}
    engine = kubernetes.engine
    assert not engine.diff(DEPLOYMENT, "prod/web", (inputs, state), inputs).detailedDiff
    news = engine.check(DEPLOYMENT, deployment(replicas=3), inputs)
    state = engine.update(DEPLOYMENT, "prod/web", (inputs, state), news)
    assert state["__fieldManager"] == manager
    live = kubernetes.cluster.get("deployments", "prod/web")
    assert live["spec"]["replicas"] == 3
    assert "paused" not in live["spec"], "what the creation held went over to the stack"
    assert [entry["manager"] for entry in live["metadata"]["managedFields"]] == [manager]


def test_somebody_elses_object_is_not_taken_over(kubernetes):
    kubernetes.cluster.add(
        "configmaps", {"kind": "ConfigMap", "metadata": metadata("env"), "data": {"theirs": "1"}}
    )
    kubernetes.cluster.edit("configmaps", "prod/env", {"data": {"x": "1"}}, "helm")
    with pytest.raises(CallFailedError) as caught:
        Made(kubernetes, CONFIG, {"metadata": metadata("env"), "data": {"A": "1"}})
    assert "already exists in the cluster" in str(caught.value)
    assert "managed by helm" in str(caught.value)
    assert "pulumi import kubernetes:core/v1:ConfigMap NAME prod/env" in str(caught.value)
    kubernetes.engine.configure(
        kubeconfig=kubeconfig(kubernetes.cluster.url), upsertExistingObjects="true"
    )
    Made(kubernetes, CONFIG, {"metadata": metadata("env"), "data": {"A": "1"}})


def test_what_a_killed_run_of_this_stack_left_behind_is_continued(kubernetes):
    program = {"metadata": metadata("env"), "data": {"A": "1"}}
    first = Made(kubernetes, CONFIG, program)
    again = Made(kubernetes, CONFIG, program)
    assert again.id == first.id
    assert again.state["metadata"]["uid"] == first.state["metadata"]["uid"]
