"""The autoscaler with metrics-server: more pods under load, fewer after it."""

import threading

from kaldra.cli.metrics_server import API, MANIFEST
from tests.e2e.staging.load import Answers
from tests.e2e.staging.stage import SERVICES, Stage

ASKERS = 4
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
    over = threading.Event()
    load = Answers("/engine/kaldra/signal", {"text": TEXT})
    askers = [threading.Thread(target=load.keep_asking, args=(stage, over)) for _ in range(ASKERS)]
    for asker in askers:
        asker.start()
    try:
        _await(stage, 4)
    finally:
        over.set()
        for asker in askers:
            asker.join()
    assert load.failures == []
    _await(stage, 2)


def _await(stage: Stage, pods: int) -> None:
    wanted = f"--for=jsonpath={{.status.readyReplicas}}={pods}"
    stage.kubectl("wait", "deployment/kaldra-core", wanted, "--timeout=240s")
