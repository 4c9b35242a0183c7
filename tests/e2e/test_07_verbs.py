"""The verbs that look and reach into what runs."""

import json
import signal

from tests.e2e.clone import Clone, ask, eventually, free_ports


def test_status_tells_what_runs(platform: Clone):
    said = platform.kaldra("status").output
    assert "✓ kaldra-api  1/1 ready" in said
    assert "✓ kaldra-core  1/1 ready" in said
    assert "KALDRA API Gateway online" in said


def test_logs_of_both_services_are_ordered_by_time(platform: Clone):
    records = [json.loads(line) for line in platform.kaldra("logs", "--json").output.splitlines()]
    assert {record["service"] for record in records} == {"api", "core"}
    assert all(record["level"] for record in records)
    assert records == sorted(records, key=lambda record: record["time"])


def test_logs_follow_a_rollout(platform: Clone):
    command = "exec ./kaldra logs --follow --lines 0 --stack e2e >followed.log"
    shown = platform.root / "followed.log"
    process = platform.start("sh", "-c", command)
    try:
        platform.kubectl("rollout", "restart", "deployment/kaldra-api")
        platform.kubectl("rollout", "status", "deployment/kaldra-api")
        platform.get("/status/", X_Request_Id="after-the-rollout")
        eventually(lambda: "request after-th…" in shown.read_text(), "the new pod's record")
    finally:
        process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    shown.unlink()


def test_doctor_finds_every_tool(platform: Clone):
    said = platform.kaldra("doctor").output
    for tool in ("pulumi", "kind", "kubectl", "docker"):
        assert tool in said.lower()


def test_forward_keeps_its_port_when_the_pod_is_replaced(platform: Clone):
    port = free_ports(1)[0]
    process = platform.start("./kaldra", "forward", "--stack", "e2e", "--port", str(port))
    try:
        eventually(lambda: ask(port, "/status/")[0] == 200, "an answer through the forward")
        platform.kubectl("delete", "pod", "--selector=app.kubernetes.io/name=kaldra-api")
        eventually(lambda: ask(port, "/status/")[0] == 200, "an answer from the new pod")
        assert process.poll() is None
    finally:
        process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
