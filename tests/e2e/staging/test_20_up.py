"""A staging stack on a cluster of two nodes, with a registry over TLS that asks for a password."""

import re

from tests.e2e.clone import changes
from tests.e2e.staging.infrastructure import NODES
from tests.e2e.staging.stage import HOST, SERVICES, Stage

ONLINE = '{"status":"KALDRA API Gateway online","version":"0.1.0"}'


def test_up_goes_to_status(empty_stage: Stage):
    said = empty_stage.up()
    assert f"/status/ → {ONLINE}" in said
    # Nobody has told this machine's resolver of the name: that is said, and is no failure.
    assert f"https://{HOST}/status/ does not answer here" in said


def test_pods_run_from_the_registry_by_digest_on_both_nodes(stage: Stage):
    address = re.escape(stage.registry.address)
    for service in SERVICES:
        pods = stage.pods(service)
        assert len(pods) == 2
        assert {pod["spec"]["nodeName"] for pod in pods} == set(NODES)
        for pod in pods:
            [status] = pod["status"]["containerStatuses"]
            assert status["ready"]
            expected = rf"{address}/kaldra/{service}@sha256:[0-9a-f]{{64}}"
            assert re.fullmatch(expected, pod["spec"]["containers"][0]["image"])
            assert re.fullmatch(expected, status["imageID"])


def test_the_gateway_answers_over_tls(stage: Stage):
    assert stage.ask("/status/") == (200, ONLINE)
    assert stage.ask("/status/core") == (200, '{"status":"ready"}')


def test_budgets_and_quota_count_the_pods(stage: Stage):
    for service in SERVICES:
        budget = stage.objects("poddisruptionbudgets")[service]
        assert budget["status"]["currentHealthy"] == 2
        assert budget["status"]["disruptionsAllowed"] == 1
    [quota] = stage.objects("resourcequotas").values()
    assert quota["status"]["used"]["pods"] == "4"


def test_up_again_changes_nothing(stage: Stage):
    assert set(changes(stage.up())) == {"unchanged"}
    stage.kaldra("preview", "--expect-no-changes")
