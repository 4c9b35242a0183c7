import json
import re

import pytest

from kaldra.plugins.host import Severity
from kaldra.plugins.protocol import provider_pb2
from kaldra.plugins.values import UNKNOWN, Secret, encode
from tests.platform.plugins.conftest import kubeconfig
from tests.platform.plugins.engine import CallFailedError, urn
from tests.platform.plugins.kubernetes_program import (
    ACCOUNT,
    CONFIG,
    DEPLOYMENT,
    NAMESPACE,
    OF,
    SECRET,
    SERVICE,
    Made,
    deployment,
    metadata,
)


def test_a_resource_without_a_name_gets_one_that_stays(kubernetes):
    program = {"metadata": {"namespace": "prod"}, "data": {"A": "1"}}
    inputs = kubernetes.engine.check(CONFIG, program)
    name = inputs["metadata"]["name"]
    assert re.fullmatch(r"env-[0-9a-f]{8}", name)
    assert inputs["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}
    assert (inputs["apiVersion"], inputs["kind"]) == ("v1", "ConfigMap")
    assert kubernetes.engine.check(CONFIG, program) == inputs, "the same in preview and update"
    assert (
        kubernetes.engine.check(CONFIG, {**program, "data": {}}, inputs)["metadata"]
        == (inputs["metadata"])
    )


def test_the_engines_own_idea_of_a_name_is_taken(kubernetes):
    options = provider_pb2.CheckRequest.AutonamingOptions
    named = options(mode=options.ENFORCE, proposed_name="env-here")
    inputs = kubernetes.engine.check(CONFIG, {}, autonaming=named)
    assert inputs["metadata"]["name"] == "env-here"
    with pytest.raises(AssertionError, match="is required"):
        kubernetes.engine.check(CONFIG, {}, autonaming=options(mode=options.DISABLE))


def test_the_namespace_is_default_unless_said(kubernetes):
    assert kubernetes.engine.check(CONFIG, {})["metadata"]["namespace"] == "default"
    assert "namespace" not in kubernetes.engine.check(NAMESPACE, {})["metadata"]


def test_a_type_that_is_not_covered_is_refused_by_name(kubernetes):
    with pytest.raises(CallFailedError, match="does not cover kubernetes:core/v1:Pod"):
        kubernetes.engine.check(urn("kubernetes:core/v1:Pod", "p"), {})


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ({"kind": "Secret"}, "must be ConfigMap"),
        ({"data": ["a"]}, "must be an object"),
        ({"metadata": {"generateName": "x-"}}, "not possible with server-side apply"),
    ],
)
def test_what_cannot_be_right_is_a_failure_of_its_property(kubernetes, program, said):
    with pytest.raises(AssertionError, match=said):
        kubernetes.engine.check(CONFIG, program)


def test_state_is_laid_out_as_the_official_providers(kubernetes):
    made = Made(kubernetes, CONFIG, {"metadata": metadata("env"), "data": {"A": "1"}})
    assert made.id == "prod/env"
    assert made.state["__inputs"] == made.inputs
    assert made.state["__initialApiVersion"] == "v1"
    assert re.fullmatch(r"pulumi-kubernetes-[0-9a-f]{8}", made.state["__fieldManager"])
    assert made.state["metadata"]["uid"]
    space = Made(kubernetes, NAMESPACE, {"metadata": {"name": "other"}})
    assert space.id == "other"


def test_content_of_a_secret_is_secret_everywhere(kubernetes):
    program = {"metadata": metadata("keys"), "stringData": {"key": Secret("c4nary-value")}}
    made = Made(kubernetes, SECRET, program)
    assert kubernetes.cluster.get("secrets", "prod/keys")["data"] == {"key": "YzRuYXJ5LXZhbHVl"}
    assert made.inputs["data"] == Secret({"key": "YzRuYXJ5LXZhbHVl"})
    for bag in (made.state, made.state["__inputs"], made.inputs):
        assert isinstance(bag["data"], Secret)
    made.refresh()
    assert isinstance(made.state["data"], Secret)
    assert isinstance(made.inputs["data"], Secret)


def test_a_secret_value_anywhere_stays_secret_at_its_path(kubernetes):
    program = {"metadata": metadata("env"), "data": {"A": Secret("hidden-value"), "B": "open"}}
    made = Made(kubernetes, CONFIG, program)
    assert made.state["data"] == {"A": Secret("hidden-value"), "B": "open"}
    assert made.state["__inputs"]["data"]["A"] == Secret("hidden-value")


def test_nothing_to_do_asks_the_server_nothing(kubernetes):
    made = Made(kubernetes, CONFIG, {"metadata": metadata("env"), "data": {"A": "1"}})
    kubernetes.cluster.requests.clear()
    assert not made.kinds({"metadata": metadata("env"), "data": {"A": "1"}})
    assert kubernetes.cluster.requests == []


def test_what_the_server_adds_or_spells_otherwise_is_no_change(kubernetes):
    made = Made(kubernetes, DEPLOYMENT, deployment())
    live = kubernetes.cluster.get("deployments", "prod/web")["spec"]["template"]["spec"]
    assert "hostNetwork" not in live
    assert live["containers"][0]["resources"]["limits"]["memory"] == "2Gi"
    assert not made.kinds(deployment())


def test_a_diff_names_the_fields_that_change(kubernetes):
    made = Made(kubernetes, DEPLOYMENT, deployment())
    program = deployment(replicas=3)
    program["spec"]["template"]["spec"]["containers"][0]["image"] = "web:2"
    assert made.kinds(program) == {
        "spec.replicas": OF.ADD,
        "spec.template.spec.containers[0].image": OF.UPDATE,
    }
    assert not made.diff(program).replaces


def test_a_new_selector_needs_a_new_deployment_after_the_old_one_is_gone(kubernetes):
    made = Made(kubernetes, DEPLOYMENT, deployment())
    diff = made.diff(deployment(selector={"matchLabels": {"app": "other"}}))
    assert list(diff.replaces) == ["spec.selector.matchLabels.app"]
    assert diff.deleteBeforeReplace


def test_what_the_server_calls_immutable_is_replaced(kubernetes):
    made = Made(
        kubernetes,
        ACCOUNT,
        {"metadata": metadata("web"), "automountServiceAccountToken": False},
    )
    diff = made.diff({"metadata": metadata("web"), "automountServiceAccountToken": True})
    assert list(diff.replaces) == ["automountServiceAccountToken"]


def test_new_content_of_a_config_map_is_a_new_config_map(kubernetes):
    made = Made(kubernetes, CONFIG, {"metadata": {"namespace": "prod"}, "data": {"A": "1"}})
    diff = made.diff({"metadata": {"namespace": "prod"}, "data": {"A": "2"}})
    assert list(diff.replaces) == ["data.A"]
    assert not diff.deleteBeforeReplace, "it has an automatic name: both can be there at once"


def test_a_setting_makes_content_change_in_place_unless_it_is_immutable(kubernetes):
    kubernetes.engine.configure(
        kubeconfig=kubeconfig(kubernetes.cluster.url), enableConfigMapMutable="true"
    )
    program = {"metadata": metadata("env"), "data": {"A": "1"}}
    made = Made(kubernetes, CONFIG, program)
    assert made.kinds({**program, "data": {"A": "2"}}) == {"data.A": OF.UPDATE}
    fixed = {**program, "metadata": metadata("fixed"), "immutable": True}
    made = Made(kubernetes, CONFIG, fixed)
    assert made.kinds({**fixed, "data": {"A": "2"}}) == {"data.A": OF.UPDATE_REPLACE}


def test_an_unknown_value_is_a_change_the_server_is_not_asked_about(kubernetes):
    made = Made(kubernetes, DEPLOYMENT, deployment())
    kubernetes.cluster.requests.clear()
    program = deployment(replicas=UNKNOWN)
    assert made.kinds(program)["spec.replicas"] == OF.ADD
    assert made.update(program, preview=True)["spec"]["replicas"] is UNKNOWN
    assert kubernetes.cluster.requests == []


def test_a_preview_changes_nothing_and_knows_what_the_server_will_fill_in(kubernetes):
    program = {"metadata": metadata("web"), "spec": {"ports": [{"name": "http", "port": 80}]}}
    inputs = kubernetes.engine.check(SERVICE, program)
    id_, state = kubernetes.engine.create(SERVICE, inputs, preview=True)
    assert id_ == ""
    assert state["spec"]["type"] == "ClusterIP"
    assert state["spec"]["clusterIP"] is UNKNOWN
    assert state["metadata"]["uid"] is UNKNOWN
    assert kubernetes.cluster.writes() == ["POST services (dry run)"]
    assert ("services", "prod", "web") not in kubernetes.cluster.objects


def test_a_preview_in_a_namespace_yet_to_be_made_shows_the_inputs(kubernetes):
    inputs = kubernetes.engine.check(CONFIG, {"metadata": {"name": "a", "namespace": "new"}})
    assert kubernetes.engine.create(CONFIG, inputs, preview=True) == ("", inputs)


def test_an_object_the_server_refuses_fails_the_preview(kubernetes):
    inputs = kubernetes.engine.check(CONFIG, {"metadata": metadata("Not-Valid")})
    with pytest.raises(CallFailedError, match=r"ConfigMap prod/Not-Valid: .*must be lower case"):
        kubernetes.engine.create(CONFIG, inputs, preview=True)


def test_a_kind_that_the_cluster_does_not_know_is_told_by_name(kubernetes):
    monitor = urn("kubernetes:monitoring.coreos.com/v1:ServiceMonitor", "all")
    inputs = kubernetes.engine.check(monitor, {"metadata": {"name": "all"}, "spec": {}})
    for preview in (True, False):
        with pytest.raises(CallFailedError, match=r"knows no ServiceMonitor of monitoring\.coreos"):
            kubernetes.engine.create(monitor, inputs, preview=preview)


def test_refresh_finds_drift_and_only_drift(kubernetes):
    made = Made(kubernetes, DEPLOYMENT, deployment(replicas=2))
    before = made.inputs
    live = kubernetes.cluster.get("deployments", "prod/web")
    live["status"] = {"observedGeneration": 1, "replicas": 2}
    made.refresh()
    assert not made.kinds(deployment(replicas=2))
    kubernetes.cluster.edit("deployments", "prod/web", {"spec": {"replicas": 5}}, "someone")
    made.refresh()
    assert made.inputs["spec"]["replicas"] == 5
    assert made.engine.diff(
        made.urn, made.id, (made.inputs, made.state), before
    ).detailedDiff.keys() == {"spec.replicas"}


def test_refresh_tells_that_an_object_is_gone_and_an_update_makes_it_again(kubernetes):
    made = Made(kubernetes, DEPLOYMENT, deployment())
    del kubernetes.cluster.objects["deployments", "prod", "web"]
    assert made.engine.read(made.urn, made.id, (made.inputs, made.state)) is None
    made.update(deployment(replicas=2), preview=True)
    assert "is gone from the cluster" in kubernetes.host.texts(Severity.WARNING)[0]
    made.update(deployment(replicas=2))
    assert kubernetes.cluster.get("deployments", "prod/web")["spec"]["replicas"] == 2


def test_an_object_can_be_imported(kubernetes):
    kubernetes.cluster.add(
        "configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata("old"),
                       "data": {"A": "1"}, "status": {}}
    )  # fmt: skip
    inputs, state = kubernetes.engine.read(CONFIG, "prod/old", ({}, {}))
    assert inputs == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata("old"),
        "data": {"A": "1"},
    }
    assert state["metadata"]["uid"]


def test_deletion_waits_until_the_object_is_gone_and_tolerates_absence(kubernetes):
    made = Made(kubernetes, NAMESPACE, {"metadata": {"name": "other"}})
    kubernetes.cluster.polls_until_gone = 3
    made.delete()
    assert ("namespaces", "", "other") not in kubernetes.cluster.objects
    made.delete()


def test_a_deletion_that_does_not_end_says_what_holds_it(kubernetes):
    made = Made(kubernetes, CONFIG, {"metadata": metadata("env")})
    live = kubernetes.cluster.get("configmaps", "prod/env")
    live["metadata"]["finalizers"] = ["example.com/hold"]
    kubernetes.cluster.polls_until_gone = 10**6
    with pytest.raises(CallFailedError, match=r"not within 0.2 s: .*example.com/hold"):
        made.delete(timeout=0.2)


def test_a_name_that_is_being_given_up_is_waited_for(kubernetes):
    first = Made(kubernetes, NAMESPACE, {"metadata": {"name": "other"}})
    kubernetes.cluster.get("namespaces", "other")["metadata"]["deletionTimestamp"] = "now"
    again = Made(kubernetes, NAMESPACE, {"metadata": {"name": "other"}})
    assert again.state["metadata"]["uid"] != first.state["metadata"]["uid"]
    assert "deletionTimestamp" not in kubernetes.cluster.get("namespaces", "other")["metadata"]


def test_refresh_takes_what_is_on_its_way_out_as_gone(kubernetes):
    made = Made(kubernetes, CONFIG, {"metadata": metadata("env")})
    kubernetes.cluster.get("configmaps", "prod/env")["metadata"]["deletionTimestamp"] = "now"
    assert made.engine.read(made.urn, made.id, (made.inputs, made.state)) is None


def test_an_annotation_chooses_how_dependents_go(kubernetes):
    for name, policy in (("a", ""), ("b", "orphan")):
        program = {"metadata": metadata(name) | {"annotations": {}}}
        if policy:
            key = "pulumi.com/deletionPropagationPolicy"
            program["metadata"]["annotations"][key] = policy
        made = Made(kubernetes, CONFIG, program)
        live = kubernetes.cluster.get("configmaps", f"prod/{name}")
        made.delete()
        assert live["propagation"] == ("Orphan" if policy else "Foreground")


def test_the_servers_remarks_reach_the_user_once(kubernetes):
    kubernetes.cluster.warnings = ["would violate PodSecurity"]
    made = Made(kubernetes, CONFIG, {"metadata": metadata("env")})
    made.update({"metadata": metadata("env") | {"labels": {"a": "b"}}})
    assert kubernetes.host.texts(Severity.WARNING) == ["would violate PodSecurity"]


def test_state_survives_the_wire_as_json(kubernetes):
    made = Made(kubernetes, DEPLOYMENT, deployment())
    assert json.dumps(made.state)
    assert encode(made.state)
