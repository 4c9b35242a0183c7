"""What `pulumi refresh --preview-only --json` tells, read."""

from kaldra.cli import status

DEPLOYMENT = (
    "urn:pulumi:dev::kaldra::kaldra:index:Workload$kubernetes:apps/v1:Deployment::kaldra-api"
)


def step(op, before=None, after=None, **more):
    states = {"oldState": {"inputs": before or {}}, "newState": {"inputs": after or {}}}
    return {"op": op, "urn": DEPLOYMENT, **states, **more}


def test_what_was_changed_or_deleted_is_named():
    before = {"spec": {"replicas": 2, "paused": False}, "__defaults": ["a"]}
    after = {"spec": {"replicas": 0, "paused": False}, "__defaults": []}
    name, field = "Deployment kaldra-api", "spec.replicas: 2 in the state, 0 found"
    steps = [step("refresh"), step("same"), step("delete"), step("update", before, after)]
    assert status.drift_in(steps) == [
        status.Drift(name, "deleted", ()),
        status.Drift(name, "changed", (field,)),
    ]


def test_fields_that_only_pulumi_sees_have_its_names():
    (found,) = status.drift_in([step("update", detailedDiff={"spec.replicas": {}})])
    assert found.fields == ("spec.replicas",)
