"""The autoscaler with metrics-server: more pods under load, fewer after it."""

from functools import partial

from kaldra.cli.metrics_server import API, MANIFEST
from tests.e2e.clone import asking
from tests.e2e.staging.stage import SERVICES, SIGNAL, Stage

TEXT = "The board cut its forecast, and nobody dares to say what the winter will bring. " * 400
SOON = '{"spec": {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 15}}}}'
"""Kubernetes waits five minutes before it scales down."""


def test_the_number_of_pods_follows_the_load(stage: Stage):
    stage.apply(MANIFEST.read_text())
    stage.kubectl("wait", *API)
    scalers = [f"horizontalpodautoscaler/{service}" for service in SERVICES]
    patch = ("--type=merge", f"--patch={SOON}")
    stage.kubectl("patch", "horizontalpodautoscaler", "kaldra-core", *patch)
    stage.kubectl("wait", *scalers, "--for=condition=ScalingActive", "--timeout=240s")
    assert len(stage.pods("kaldra-core")) == 2
    with asking(*[partial(stage.ask, SIGNAL, {"text": TEXT})] * 4):
        _await(stage, 4)
    _await(stage, 2)


def _await(stage: Stage, pods: int) -> None:
    wanted = f"--for=jsonpath={{.status.readyReplicas}}={pods}"
    stage.kubectl("wait", "deployment/kaldra-core", wanted, "--timeout=240s")
