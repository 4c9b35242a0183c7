"""The verbs that look and reach into what runs."""

import json
import signal

from tests.e2e.clone import Clone, ask, eventually, free_ports


def test_status_tells_what_runs(platform: Clone):
    said = platform.kaldra("status").output
    assert "✓ kaldra-api  1/1 ready" in said
    assert "✓ kaldra-core  1/1 ready" in said
    assert "KALDRA API Gateway online" in said


def test_logs_of_both_services_are_merged(platform: Clone):
    lines = platform.kaldra("logs").output.splitlines()
    for service in ("kaldra-api", "kaldra-core"):
        own = [line for line in lines if line.startswith(f"[pod/{service}-")]
        assert own
        assert json.loads(own[-1].partition("] ")[2])


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
