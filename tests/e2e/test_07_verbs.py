"""The verbs that look and reach into what runs."""

import json
import shlex
import signal

import jsonschema_rs
import pytest

from kaldra.paths import REPO
from tests.conftest import unused_port
from tests.e2e.clone import ask, eventually, write_stack


def test_status_tells_what_runs(platform):
    said = platform.kaldra("status")
    assert "✓ kaldra-api  1/1 ready" in said
    assert "✓ kaldra-core  1/1 ready" in said
    assert "KALDRA API Gateway online" in said


def test_logs_of_both_services_are_ordered_by_time(platform):
    records = [json.loads(line) for line in platform.kaldra("logs", "--json").splitlines()]
    assert {record["service"] for record in records} == {"api", "core"}
    assert all(record["level"] for record in records)
    assert records == sorted(records, key=lambda record: record["time"])


def test_the_path_of_a_request_through_both_services_is_drawn(platform):
    path = "/engine/vocabulary/archetypes"
    assert platform.get(path, X_API_Key=platform.key, X_Request_Id="drawn-1")[0] == 200
    said = platform.kaldra("trace", "drawn-1")
    assert "request drawn-1" in said
    for row in (
        "api  GET /engine/vocabulary/{kind} ",
        f"api    GET {path.replace('/engine', '/v1')} ",
        "core     GET /v1/vocabulary/{kind} ",
    ):
        assert row in said
    records = platform.kaldra("logs", "--request", "drawn-1")
    assert "route=/v1/vocabulary/{kind}" in records
    assert "span_id=" not in records
    assert " ms" in platform.kaldra("trace", "--slowest")


@pytest.mark.parametrize(
    "refused",
    ["key nobody", "logs --since yesterday", "trace no-such-request", "rollback --to 999"],
)
def test_the_hint_of_a_refusal_works(platform, refused):
    assert platform.get("/engine/vocabulary/archetypes", X_API_Key=platform.key)[0] == 200
    said = platform.kaldra(*refused.split(), code=None)
    assert "Traceback" not in said
    assert platform.follow(said.replace("NAME", "dev"))


def test_hints_about_missing_secrets_lead_to_a_stack_that_has_them(clone):
    stack = "e2e-hints"
    registry = {"address": "localhost:1/x", "push": {"username": "a"}, "pull": {"username": "a"}}
    ingress = {"host": "a.example", "tlsSecret": "a"}
    given = {"target": "staging", "kubeContext": "nowhere", "environment": "staging"}
    write_stack(clone.root, stack, salted=False, registry=registry, ingress=ingress, **given)
    team = {"PULUMI_CONFIG_PASSPHRASE": "of this test"}
    preview = ("./kaldra", "preview", "--stack", stack)
    try:
        for missing in ("registry.push.password", "registry.pull.password", "apiKeys"):
            said = clone.run(*preview, code=2, **team)
            assert f"Setting kaldra:{missing} is missing" in said
            hint = said.rpartition("→ ")[2].strip().replace("NAME", "front")
            clone.run("bash", "-euc", f'{hint} <<< "$(openssl rand -base64 24)"', **team)
        clone.run(*preview, **team)
    finally:
        (clone.root / f"Pulumi.{stack}.yaml").unlink()


def test_logs_follow_a_rollout(platform):
    with platform.following() as shown:
        platform.kubectl("rollout", "restart", "deployment/kaldra-api")
        platform.kubectl("rollout", "status", "deployment/kaldra-api")
        platform.get("/status/core", X_Request_Id="after-the-rollout")
        eventually(lambda: "request after-th…" in shown.read_text(), "the new pod's record")


@pytest.mark.parametrize("verb", ["doctor", "logs", "preview", "status"])
def test_json_holds_to_its_schema(platform, verb):
    command = f"./kaldra {verb} --json --stack e2e 2>/dev/null"
    printed = platform.run("sh", "-c", command)
    documents = printed.splitlines() if verb == "logs" else [printed]
    schema = (REPO / "docs" / "reference" / "cli" / f"{verb}.json").read_text()
    check = jsonschema_rs.validator_for(json.loads(schema))
    assert documents
    assert all(check.is_valid(json.loads(document)) for document in documents)


def test_forward_keeps_its_port_when_the_pod_is_replaced(platform):
    port = unused_port()
    process = platform.start("./kaldra", "forward", "--stack", "e2e", "--port", str(port))
    try:
        eventually(lambda: ask(port, "/status/")[0] == 200, "an answer through the forward")
        platform.kubectl("delete", "pod", "--selector=app.kubernetes.io/name=kaldra-api")
        eventually(lambda: ask(port, "/status/")[0] == 200, "an answer from the new pod")
        assert process.poll() is None
    finally:
        process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


def test_kubectl_top_reads_from_metrics_server(breakable):
    with breakable.configured("metricsServer: true"):
        breakable.up()

    def measured() -> bool:
        top = shlex.join((*breakable.access, "top", "pods", "--namespace=kaldra"))
        return "kaldra-core" in breakable.run("sh", "-c", f"{top} || sleep 1")

    eventually(measured, "figures of the pods", 120)
    api_server = ("--namespace=kube-system", "--selector=component=kube-apiserver")
    assert "--enable-aggregator-routing=true" in breakable.kubectl("describe", "pod", *api_server)
    assert "✓ metrics-server · removed" in breakable.up()
    assert "metrics.k8s.io" not in breakable.kubectl("get", "apiservices")
