"""Network policies are enforced on both nodes: what is allowed works, and nothing else does."""

import json
from collections.abc import Iterator

import pytest

from tests.e2e.staging import addons
from tests.e2e.staging.ground import NODES
from tests.e2e.staging.stage import Stage

CORE_PORT = 9000
API_PORT = 8000
FOREIGN_PORT = 8080
CONNECT = """
import json, socket, sys
def connects(host, port):
    try:
        socket.create_connection((host, port), timeout=3).close()
    except OSError:
        return False
    return True
print(json.dumps([connects(host, port) for host, port in json.loads(sys.argv[1])]))
"""
Places = list[tuple[str, int]]
FOREIGN = """
apiVersion: v1
kind: Namespace
metadata: {name: foreign}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: stranger, namespace: foreign}
spec:
  selector: {matchLabels: {app: stranger}}
  template:
    metadata: {labels: {app: stranger}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: stranger
          image: $IMAGE
          imagePullPolicy: Never
          command: [python3, -m, http.server, "8080"]
          readinessProbe: {tcpSocket: {port: 8080}, periodSeconds: 1}
"""


@pytest.fixture(scope="module")
def strangers(empty_stage: Stage) -> Iterator[list[tuple[str, str]]]:
    """Name and address of a pod on each node, in a namespace that is not ours."""
    image = addons.image_of(empty_stage.made.images)
    empty_stage.apply(FOREIGN.replace("$IMAGE", image))
    within = ("--namespace=foreign", "--timeout=60s")
    empty_stage.kubectl("rollout", "status", "daemonset/stranger", *within)
    listed = empty_stage.kubectl("get", "pods", "--namespace=foreign", "--output=json")
    pods = json.loads(listed)["items"]
    assert {pod["spec"]["nodeName"] for pod in pods} == set(NODES)
    yield [(pod["metadata"]["name"], pod["status"]["podIP"]) for pod in pods]
    empty_stage.kubectl("delete", "namespace", "foreign")


def connects(stage: Stage, pod: str, places: Places, namespace: str = "kaldra") -> list[bool]:
    """Which places a pod gets a connection to."""
    command = ("python3", "-c", CONNECT, json.dumps(places))
    said = stage.kubectl("exec", pod, f"--namespace={namespace}", "--", *command)
    answers: list[bool] = json.loads(said)
    return answers


def everywhere(stage: Stage, service: str, port: int) -> Places:
    """The service's own address and its pods', one on each node."""
    address = stage.objects("services")[service]["spec"]["clusterIP"]
    pods = stage.pods(service)
    assert {pod["spec"]["nodeName"] for pod in pods} == set(NODES)
    return [(address, port), *((pod["status"]["podIP"], port) for pod in pods)]


def outside(stage: Stage) -> Places:
    """An address outside of the cluster that answers: what stands for the internet."""
    host, _, port = stage.made.registry.address.partition(":")
    return [(host, int(port))]


def test_strangers_reach_each_other_and_the_outside(stage: Stage, strangers):
    for pod, _ in strangers:
        places = [*outside(stage), *((address, FOREIGN_PORT) for _, address in strangers)]
        assert connects(stage, pod, places, "foreign") == [True, True, True]


def test_strangers_reach_neither_the_core_nor_the_gateway(stage: Stage, strangers):
    places = everywhere(stage, "kaldra-core", CORE_PORT) + everywhere(stage, "kaldra-api", API_PORT)
    for pod, _ in strangers:
        assert not any(connects(stage, pod, places, "foreign"))


def test_the_gateway_reaches_the_core_by_name_on_both_nodes(stage: Stage):
    places = [("kaldra-core", CORE_PORT), *everywhere(stage, "kaldra-core", CORE_PORT)]
    for pod in stage.pods("kaldra-api"):
        assert all(connects(stage, pod["metadata"]["name"], places))


def test_the_gateway_reaches_nothing_else(stage: Stage, strangers):
    elsewhere = [*outside(stage), *((address, FOREIGN_PORT) for _, address in strangers)]
    elsewhere += api_server(stage)
    pods = stage.pods("kaldra-api")
    for pod in pods:
        others = [p for p in pods if p is not pod]
        places = [*elsewhere, *((p["status"]["podIP"], API_PORT) for p in others)]
        assert not any(connects(stage, pod["metadata"]["name"], places))


def test_the_core_reaches_nothing(stage: Stage, strangers):
    places = [*outside(stage), *((address, FOREIGN_PORT) for _, address in strangers)]
    places += [*api_server(stage), *everywhere(stage, "kaldra-api", API_PORT), ("10.96.0.10", 53)]
    for pod in stage.pods("kaldra-core"):
        assert not any(connects(stage, pod["metadata"]["name"], places))


def api_server(stage: Stage) -> Places:
    said = stage.kubectl("get", "service/kubernetes", "--namespace=default", "--output=json")
    return [(json.loads(said)["spec"]["clusterIP"], 443)]
