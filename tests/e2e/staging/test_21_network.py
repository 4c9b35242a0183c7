"""Network policies are enforced on both nodes: what is allowed works, and nothing else does."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.e2e import traces
from tests.e2e.clone import eventually
from tests.e2e.staging.infrastructure import NODES, manifest
from tests.e2e.staging.stage import KEY, SERVICES, SIGNAL, Stage

CORE_PORT = 9000
API_PORT = 8000
FOREIGN_PORT = 8080
OTLP_PORT = 4318
DNS = "10.96.0.10"
OTLP_ENDPOINT = f"http://collector.foreign.svc:{OTLP_PORT}"
TEXT = "The harbour pilot hid the seventh lighthouse."
CONNECT = """
import json, socket, sys
def connects(place):
    try:
        socket.create_connection(place, timeout=3).close()
    except OSError:
        return False
    return True
print(json.dumps([place for place in json.loads(sys.argv[1]) if connects(tuple(place))]))
"""
Places = list[list[Any]]
Strangers = dict[str, str]


@pytest.fixture(scope="module")
def strangers(empty_stage: Stage) -> Iterator[Strangers]:
    """Address by name of a pod on each node, in a namespace that is not ours."""
    empty_stage.apply(manifest("foreign", empty_stage.addons))
    within = ("--namespace=foreign", "--timeout=60s")
    empty_stage.kubectl("rollout", "status", "daemonset/stranger", *within)
    pods = empty_stage.objects("pods", "--namespace=foreign")
    assert {pod["spec"]["nodeName"] for pod in pods.values()} == set(NODES)
    yield {name: pod["status"]["podIP"] for name, pod in pods.items()}
    empty_stage.kubectl("delete", "namespace", "foreign")


def reached(stage: Stage, pod: str, places: Places, namespace: str = "kaldra") -> Places:
    """The places that a pod gets a connection to."""
    command = ("python3", "-c", CONNECT, json.dumps(places))
    return json.loads(stage.kubectl("exec", pod, f"--namespace={namespace}", "--", *command))


def everywhere(stage: Stage, service: str, port: int) -> Places:
    """The service's own address and its pods', one on each node."""
    address = stage.objects("services")[service]["spec"]["clusterIP"]
    pods = stage.pods(service)
    assert {pod["spec"]["nodeName"] for pod in pods} == set(NODES)
    return [[address, port], *([pod["status"]["podIP"], port] for pod in pods)]


def foreign(stage: Stage, strangers: Strangers) -> Places:
    """Pods of another namespace, and an address outside of the cluster that answers."""
    host, _, port = stage.registry.address.partition(":")
    return [[host, int(port)], *([address, FOREIGN_PORT] for address in strangers.values())]


def closed(stage: Stage, strangers: Strangers) -> Places:
    """What no service needs: the same, and the API server."""
    api_server = stage.objects("services", "--namespace=default")["kubernetes"]
    return [*foreign(stage, strangers), [api_server["spec"]["clusterIP"], 443]]


def names(stage: Stage, service: str) -> list[str]:
    return [pod["metadata"]["name"] for pod in stage.pods(service)]


def test_strangers_reach_each_other_and_the_outside_and_none_of_ours(stage: Stage, strangers):
    places = foreign(stage, strangers)
    ours = everywhere(stage, "kaldra-core", CORE_PORT) + everywhere(stage, "kaldra-api", API_PORT)
    for pod in strangers:
        assert reached(stage, pod, places + ours, "foreign") == places


def test_the_gateway_reaches_the_core_by_name_on_both_nodes_and_nothing_else(
    stage: Stage, strangers
):
    core = [["kaldra-core", CORE_PORT], *everywhere(stage, "kaldra-core", CORE_PORT)]
    elsewhere = closed(stage, strangers)
    pods = {pod["metadata"]["name"]: pod["status"]["podIP"] for pod in stage.pods("kaldra-api")}
    for name in pods:
        others = [[address, API_PORT] for other, address in pods.items() if other != name]
        assert reached(stage, name, core + elsewhere + others) == core


def test_the_core_reaches_nothing(stage: Stage, strangers):
    places = [*closed(stage, strangers), *everywhere(stage, "kaldra-api", API_PORT), [DNS, 53]]
    for name in names(stage, "kaldra-core"):
        assert reached(stage, name, places) == []


def test_spans_are_sent_to_the_collector_and_nothing_else_is_opened(serving: Stage, strangers):
    with serving.configured(f"otlpEndpoint: {OTLP_ENDPOINT}"):
        serving.up()
    wanted = {("kaldra-api", f"POST {SIGNAL}"), ("kaldra-core", "POST /v1/signal")}

    def arrived() -> bool:
        # A pod of the release before may serve a last request.
        serving.ask(SIGNAL, {"text": TEXT})
        return wanted <= {span for body in received(serving) for span in spans(body)}

    eventually(arrived, "spans of both services")
    assert traces.told(b"".join(received(serving)), {"API key": KEY, "text": TEXT}) == []
    collectors: Places = [[address, OTLP_PORT] for address in strangers.values()]
    elsewhere = closed(serving, strangers)
    for name in (name for service in SERVICES for name in names(serving, service)):
        assert reached(serving, name, collectors + elsewhere) == collectors


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
