"""What `pulumi refresh --preview-only --json` tells, read."""

from kaldra.cli import drift

DEPLOYMENT = (
    "urn:pulumi:dev::kaldra::kaldra:index:Workload$kubernetes:apps/v1:Deployment::kaldra-api"
)


def step(op, before=None, after=None, **more):
    states = {"oldState": {"inputs": before or {}}, "newState": {"inputs": after or {}}}
    return {"op": op, "urn": DEPLOYMENT, **states, **more}


def test_what_is_as_it_was_is_no_drift():
    assert drift.found([step("refresh"), step("same")]) == []


def test_a_deleted_object_is_named():
    assert drift.found([step("delete")]) == [drift.Drift("Deployment kaldra-api", "deleted", ())]


def test_a_changed_object_is_named_with_its_fields():
    before = {"spec": {"replicas": 2, "paused": False}, "__defaults": ["a"]}
    after = {"spec": {"replicas": 0, "paused": False}, "__defaults": []}
    (found,) = drift.found([step("update", before, after)])
    assert found.what == "changed"
    assert found.fields == ("spec.replicas: 2 in the state, 0 found",)


def test_fields_that_only_pulumi_sees_have_its_names():
    (found,) = drift.found([step("update", detailedDiff={"spec.replicas": {}})])
    assert found.fields == ("spec.replicas",)
