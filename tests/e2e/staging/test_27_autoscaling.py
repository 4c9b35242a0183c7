"""The autoscaler with metrics-server: more pods under load, fewer after it."""

import json
import threading

from kaldra.cli.metrics_server import MANIFEST
from tests.e2e.staging.load import Answers
from tests.e2e.staging.stage import Stage

ASKERS = 2
TEXT = "The board cut its forecast, and nobody dares to say what the winter will bring. " * 40
FAST = {"maxReplicas": 4, "behavior": {"scaleDown": {"stabilizationWindowSeconds": 15}}}
"""Kubernetes waits five minutes before it scales down."""


def test_the_number_of_pods_follows_the_load(stage: Stage):
    stage.apply(MANIFEST.read_text())
    rollout = ("rollout", "status", "deployment/metrics-server", "--timeout=120s")
    stage.kubectl(*rollout, "--namespace=kube-system")
    patch = ("--type=merge", f"--patch={json.dumps({'spec': FAST})}")
    stage.kubectl("patch", "horizontalpodautoscaler", "kaldra-core", *patch)
    stage.settled = False  # the next `up` undoes the patch
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
