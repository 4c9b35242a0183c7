import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from serving import tracing
from serving.settings import ServiceSettings
from tests.fakes.servers import Asked, http_server

REPO = Path(__file__).resolve().parents[2]


@pytest.fixture
def received() -> list[tuple[str, ExportTraceServiceRequest]]:
    """Path and body of each request to the collector."""
    return []


@pytest.fixture
def collector(received: list[tuple[str, ExportTraceServiceRequest]]) -> Iterator[str]:
    def take(asked: Asked) -> tuple[int, bytes]:
        assert asked.headers["content-type"] == "application/x-protobuf"
        received.append((asked.path, ExportTraceServiceRequest.FromString(asked.body)))
        return 200, b""

    with http_server(take) as port:
        yield f"http://127.0.0.1:{port}"


def started(**environment: str) -> tracing.Tracing:
    settings = ServiceSettings.load({"ENV": "test", **environment})
    return tracing.of(settings, service="kaldra-test", version="1")


def test_spans_are_sent_to_the_endpoint_at_the_end_at_the_latest(collector, received, caplog):
    sending = started(KALDRA_OTLP_ENDPOINT=f"{collector}/")
    sending.tracer.start_span("one").end()
    sending.close()
    ((path, request),) = received
    assert path == "/v1/traces"
    (resource,) = request.resource_spans
    attributes = {a.key: a.value.string_value for a in resource.resource.attributes}
    assert attributes["service.name"] == "kaldra-test"
    assert [span.name for span in resource.scope_spans[0].spans] == ["one"]
    assert not caplog.records


def test_spans_that_are_sent_can_be_logged_too(collector, received, caplog):
    both = started(KALDRA_OTLP_ENDPOINT=collector, KALDRA_LOG_SPANS="on")
    both.tracer.start_span("one", attributes={"place": 1}).end()
    both.close()
    (record,) = caplog.records
    assert record.getMessage() == "one"
    assert getattr(record, "fields")["place"] == 1  # noqa: B009
    assert len(received) == 1


def test_an_endpoint_that_is_away_costs_a_warning(collector, caplog):
    sending = started(KALDRA_OTLP_ENDPOINT=f"{collector.rpartition(':')[0]}:1")
    sending.tracer.start_span("one").end()
    sending.close()
    assert [record.getMessage() for record in caplog.records] == ["spans were not sent"]


@pytest.mark.parametrize("sent", [False, True])
@pytest.mark.parametrize(("ratio", "recorded"), [("0", 0), ("0.5", 100), ("1", 200)])
def test_a_share_of_new_traces_is_recorded(collector, ratio, recorded, sent):
    tracing = started(
        KALDRA_LOG_SPANS="on",
        KALDRA_TRACE_SAMPLING_RATIO=ratio,
        KALDRA_OTLP_ENDPOINT=collector if sent else "",
    )
    spans = [tracing.tracer.start_span("one") for _ in range(200)]
    tracing.close()
    # Half of 200 is outside of these bounds once in 10^11 runs.
    assert sum(span.is_recording() for span in spans) == pytest.approx(
        recorded, abs=48 if 0 < recorded < 200 else 0
    )


@pytest.mark.parametrize("module", ["app.main", "core.service"])
def test_unless_spans_are_sent_the_sdk_is_not_imported(module: str):
    code = f"import sys, {module}; sys.exit('opentelemetry.sdk' in sys.modules)"
    environment = {"PYTHONPATH": str(REPO), "KALDRA_ENV_FILE": "/dev/null", "KALDRA_AUTH": "off"}
    environment["KALDRA_LOG_SPANS"] = "on"
    subprocess.run([sys.executable, "-c", code], env=environment, cwd=REPO, check=True)
