import json
from collections.abc import AsyncIterator
from unittest.mock import Mock

import httpx2
import pytest

from tests.app.conftest import KEY
from tests.fakes import cores

SIGNAL = "/engine/kaldra/signal"
TEXT = {"text": "A calm quarter."}


@pytest.mark.parametrize(
    ("path", "core_path"),
    [
        (SIGNAL, "/v1/signal"),
        ("/alpha/analyze", "/v1/apps/alpha"),
        ("/geo/analyze", "/v1/apps/geo"),
        ("/product/analyze", "/v1/apps/product"),
        ("/safeguard/evaluate", "/v1/apps/safeguard"),
    ],
)
def test_bytes_go_through_unchanged(gateway, path, core_path):
    core = Mock(side_effect=cores.answering)
    content = b'{ "text": "A calm quarter." }'
    headers = {**KEY, "Content-Type": "application/json"}
    answer = gateway(core).post(path, content=content, headers=headers)
    assert answer.content == cores.SIGNAL
    (call,) = core.call_args_list
    (request,) = call.args
    assert request.url.path == core_path
    assert request.content == content


def test_trace_goes_on_and_the_key_does_not(gateway):
    core = Mock(side_effect=cores.answering)
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    ids = [("x-request-id", "r-9"), ("traceparent", parent)]
    states = [("tracestate", "vendor=1"), ("tracestate", "other=2")]
    gateway(core).post(SIGNAL, json=TEXT, headers=[*KEY.items(), *ids, *states])
    (call,) = core.call_args_list
    passed = call.args[0].headers
    assert {*ids, ("tracestate", "vendor=1,other=2")} <= set(passed.items())
    assert "x-api-key" not in passed


def test_the_vocabulary_is_asked_for_in_a_language(gateway):
    def core(request: httpx2.Request) -> httpx2.Response:
        assert str(request.url).endswith("/v1/vocabulary/states?language=pt")
        return httpx2.Response(200, json=[{"id": "A01_CREATOR_3_01"}])

    answer = gateway(core).get("/engine/vocabulary/states?language=pt", headers=KEY)
    assert answer.json() == [{"id": "A01_CREATOR_3_01"}]


def test_a_batch_is_passed_on_line_by_line(gateway):
    def core(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(
            200, content=lines(json.loads(request.content)["texts"]), headers=cores.LINES
        )

    async def lines(texts: list[str]) -> AsyncIterator[bytes]:
        for text in texts:
            yield json.dumps({"read": text}).encode() + b"\n"

    answer = gateway(core).post("/engine/kaldra/batch", json={"texts": ["a", "b"]}, headers=KEY)
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line) for line in answer.text.splitlines()] == [{"read": "a"}, {"read": "b"}]


@pytest.mark.parametrize(
    ("core", "told", "causes"),
    [
        (cores.away, (503, "core_unavailable", "1"), ["away"]),
        (cores.breaking, (503, "core_unavailable", "1"), ["broken"]),
        (cores.busy, (503, "core_unavailable", "7"), []),
        (cores.busy_for_ever, (503, "core_unavailable", "1"), []),
        (cores.slow, (504, "core_timeout", None), ["slow"]),
        (cores.crashing, (502, "core_failed", None), ["failed"]),
        (cores.refusing, (422, "validation_error", None), []),
        (cores.something_else, (502, "core_failed", None), ["not_a_core"]),
    ],
)
@pytest.mark.parametrize("path", [SIGNAL, "/engine/kaldra/batch"])
def test_faults_of_the_core(gateway, caplog, path, core, told, causes):
    body = TEXT if path == SIGNAL else {"texts": ["x"]}
    answer = gateway(core).post(path, json=body, headers=KEY)
    code = answer.json()["error"]["code"]
    assert (answer.status_code, code, answer.headers.get("retry-after")) == told
    assert "password" not in answer.text
    logged = [getattr(r, "fields") for r in caplog.records if r.name == "app.core_client"]  # noqa: B009
    assert [fields["cause"] for fields in logged] == causes
