"""Network policies are enforced on both nodes: what is allowed works, and nothing else does."""

import base64
import json
from collections.abc import Iterator

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.e2e import traces
from tests.e2e.clone import eventually
from tests.e2e.staging import addons
from tests.e2e.staging.infrastructure import NODES
from tests.e2e.staging.stage import KEY, SERVICES, Stage

CORE_PORT = 9000
API_PORT = 8000
FOREIGN_PORT = 8080
OTLP_PORT = 4318
OTLP_ENDPOINT = f"http://collector.foreign.svc:{OTLP_PORT}"
TEXT = "The harbour pilot hid the seventh lighthouse."
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
          command:
            - python3
            - -c
            - |
              import base64, threading
              from http.server import BaseHTTPRequestHandler, HTTPServer
              class Collector(BaseHTTPRequestHandler):
                  def do_POST(self):
                      body = self.rfile.read(int(self.headers["content-length"]))
                      print(self.path, base64.b64encode(body).decode(), flush=True)
                      self.send_response(200)
                      self.end_headers()
              for port in (8080, 4318):
                  server = HTTPServer(("", port), Collector)
                  threading.Thread(target=server.serve_forever).start()
          readinessProbe: {tcpSocket: {port: 4318}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: collector, namespace: foreign}
spec:
  selector: {app: stranger}
  ports: [{port: 4318}]
"""


@pytest.fixture(scope="module")
def strangers(empty_stage: Stage) -> Iterator[list[tuple[str, str]]]:
    """Name and address of a pod on each node, in a namespace that is not ours."""
    image = addons.image_of(empty_stage.infrastructure.images)
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
    host, _, port = stage.infrastructure.registry.address.partition(":")
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


def test_spans_are_sent_to_the_collector_and_nothing_else_is_opened(serving: Stage, strangers):
    with serving.configured(f"otlpEndpoint: {OTLP_ENDPOINT}"):
        serving.up()
    wanted = {("kaldra-api", "POST /engine/kaldra/signal"), ("kaldra-core", "POST /v1/signal")}

    def arrived() -> bool:
        # A pod of the release before may serve a last request.
        serving.ask("/engine/kaldra/signal", {"text": TEXT})
        return wanted <= {span for body in received(serving) for span in spans(body)}

    eventually(arrived, "spans of both services")
    assert traces.told(b"".join(received(serving)), {"API key": KEY, "text": TEXT}) == []
    addresses = [address for _, address in strangers]
    closed = [*outside(serving), *((address, FOREIGN_PORT) for address in addresses)]
    closed += api_server(serving)
    for pod in (pod for service in SERVICES for pod in serving.pods(service)):
        name = pod["metadata"]["name"]
        assert all(connects(serving, name, [(address, OTLP_PORT) for address in addresses]))
        assert not any(connects(serving, name, closed))


def received(stage: Stage) -> list[bytes]:
    """Bodies that the collectors on both nodes were sent to /v1/traces."""
    which = ("--selector=app=stranger", "--tail=-1")
    lines = stage.kubectl("logs", *which, "--namespace=foreign").splitlines()
    sent = [line.split() for line in lines if line.startswith("/v1/traces ")]
    return [base64.b64decode(body) for _, body in sent]


def spans(body: bytes) -> Iterator[tuple[str, str]]:
    """Service and name of each span."""
    for sender in ExportTraceServiceRequest.FromString(body).resource_spans:
        resource = {a.key: a.value.string_value for a in sender.resource.attributes}
        for scope in sender.scope_spans:
            yield from ((resource["service.name"], span.name) for span in scope.spans)


def api_server(stage: Stage) -> Places:
    said = stage.kubectl("get", "service/kubernetes", "--namespace=default", "--output=json")
    return [(json.loads(said)["spec"]["clusterIP"], 443)]
