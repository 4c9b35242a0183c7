"""What was released wrongly is taken back; what somebody else changed is told and put right."""

from tests.e2e.clone import VERB_SECONDS
from tests.e2e.staging.infrastructure import manifest
from tests.e2e.staging.stage import Stage


def test_a_rollback_brings_back_images_and_settings(stage: Stage):
    stage.apply(manifest("monitoring"))
    before = stage.images()
    with stage.release("wrong"), stage.configured("metrics: serviceMonitor"):
        stage.up()
        stage.await_version("0.1.0+wrong")
        # The cluster holds the objects to the schemas that it has been given.
        for kind in ("servicemonitors", "prometheusrules"):
            assert set(stage.objects(kind)) == {"kaldra"}
        asked = stage.kaldra("rollback", code=2)
        assert "metrics: serviceMonitor → not set" in asked
        assert "Nothing was changed" in asked
        assert stage.images() != before
        with stage.constant_load():
            stage.follow(asked)
            stage.await_version("0.1.0")
    assert stage.images() == before
    assert stage.objects("servicemonitors") == {}
    assert "✓ no drift" in stage.kaldra("status")


def test_drift_is_told_with_object_and_field_and_put_right(stage: Stage):
    stage.settled = False
    with stage.constant_load():
        stage.kubectl("delete", "poddisruptionbudget", "kaldra-core")
        patch = '{"spec": {"minReadySeconds": 1}}'
        stage.kubectl("patch", "deployment/kaldra-api", f"--patch={patch}")
        state = stage.checkpoint.read_bytes()
        said = stage.kaldra("status", code=3)
        assert stage.checkpoint.read_bytes() == state
        # The provider takes the field back, or names the manager that it conflicts with.
        if stage.start("./kaldra", "up", "--stack", stage.stack).wait(VERB_SECONDS) != 0:
            assert "kubectl-patch" in (stage.root.parent / "started.log").read_text()
            stage.kaldra("up", PULUMI_K8S_ENABLE_PATCH_FORCE="true")
    assert "PodDisruptionBudget kaldra-core was deleted" in said
    assert "Deployment kaldra-api was changed" in said
    assert "spec.minReadySeconds" in said
    assert "✓ no drift" in stage.kaldra("status")
