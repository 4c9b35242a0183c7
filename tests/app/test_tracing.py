"""Spans of both services for one request, as their log records tell them."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from core.kernel import Kernel
from core.service import create_app
from core.settings import Settings
from serving.logs import JsonFormatter
from tests.app.conftest import KEY

ON = {"KALDRA_LOG_SPANS": "on"}
TEXT = "The canary fears the risk, yet dares to sing."
SIGNAL = "/engine/kaldra/signal"
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-"


@pytest.fixture(scope="module")
def kernel() -> Kernel:
    return Kernel.load()


@pytest.fixture
def client(gateway, kernel) -> TestClient:
    return gateway(create_app(Settings.load(ON), kernel), **ON)


def spans(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [
        {"name": record.getMessage(), **getattr(record, "fields")}  # noqa: B009
        for record in caplog.records
        if record.name == "serving.spans"
    ]


def test_a_request_is_one_tree_of_both_services(client, caplog):
    body = {"text": TEXT, "options": {"explain": True}}
    client.post(SIGNAL, json=body, headers={**KEY, "X-Request-ID": "r-1"})
    found = spans(caplog)
    ids = {span["span_id"]: span["name"] for span in found}
    assert [(span["name"], ids.get(span["parent_id"])) for span in found] == [
        ("read body", f"POST {SIGNAL}"),
        ("validate", f"POST {SIGNAL}"),
        ("read body", "POST /v1/signal"),
        ("validate", "POST /v1/signal"),
        ("queue", "POST /v1/signal"),
        ("read", "POST /v1/signal"),
        ("compute", "POST /v1/signal"),
        ("assemble", "POST /v1/signal"),
        ("explain", "POST /v1/signal"),
        ("encode", "POST /v1/signal"),
        ("POST /v1/signal", "POST /v1/signal"),
        ("POST /v1/signal", f"POST {SIGNAL}"),
        (f"POST {SIGNAL}", None),
    ]
    assert {span["status"] for span in found} == {"ok"}
    servers = [span for span in found if span["kind"] == "server"]
    assert {span["kaldra.request_id"] for span in servers} == {"r-1"}


@pytest.mark.parametrize("path", ["/engine/kaldra/batch", "/engine/kaldra/window"])
def test_parts_of_many_texts_are_spans(client, caplog, path):
    client.post(path, json={"texts": [TEXT] * 40}, headers=KEY)
    names = [span["name"] for span in spans(caplog)]
    assert names.count("compute") == names.count("queue") > 2
    assert names[-1] == f"POST {path}"


def test_neither_texts_nor_keys_nor_paths_are_in_spans(client, caplog):
    secret = KEY["X-API-Key"]
    for key in (secret, f"{secret}-wrong"):
        for path in ("signal", "batch", "window"):
            body = {"texts": [TEXT]} if path != "signal" else {"text": TEXT}
            client.post(f"/engine/kaldra/{path}", json=body, headers={"X-API-Key": key})
    client.post("/alpha/analyze", json={"text": TEXT, "ticker": "canary"}, headers=KEY)
    client.post(SIGNAL, json={"canary": TEXT}, headers=KEY)
    client.get(f"/canary/{secret}?text={TEXT}", headers={"Host": "canary"})
    found = json.dumps(spans(caplog))
    assert "unmatched" in found
    assert secret not in found
    assert "canary" not in found.lower()


@pytest.mark.parametrize(("flags", "recorded"), [("01", True), ("00", False)])
def test_a_caller_decides_whether_its_trace_is_recorded(client, caplog, flags, recorded):
    client.get("/status/", headers={"traceparent": PARENT + flags})
    assert [span["parent_id"] for span in spans(caplog)] == ["b7ad6b7169203331"] * recorded


def test_what_failed_is_an_error(client, caplog, monkeypatch):
    monkeypatch.setattr(Kernel, "signal", lambda *_: 1 / 0)
    client.post(SIGNAL, json={"text": TEXT}, headers=KEY)
    failed = [span["name"] for span in spans(caplog) if span["status"] == "error"]
    assert failed == ["POST /v1/signal", "POST /v1/signal", f"POST {SIGNAL}"]


def test_probes_are_not_traced(client, caplog):
    client.get("/health")
    client.get("/ready")
    assert spans(caplog) == []


def test_log_lines_have_the_ids_of_the_span(client, caplog, monkeypatch):
    monkeypatch.setattr(caplog.handler, "formatter", JsonFormatter({}))
    caplog.set_level("INFO", "serving.access")
    client.post(SIGNAL, json={"text": TEXT}, headers=KEY)
    written = [json.loads(line) for line in caplog.text.splitlines()]
    assert len({entry["trace_id"] for entry in written}) == 1
    assert {entry["request_id"] for entry in written} == {written[0]["trace_id"]}
