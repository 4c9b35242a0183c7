import pytest

from tests.fakes import cores

ORIGIN = "https://4iam.ai"
PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": (
        "x-api-key,content-type,x-request-id,traceparent,tracestate"
    ),
}


def test_a_listed_origin_may_ask(gateway):
    client = gateway(cores.away, KALDRA_CORS_ORIGINS=f"https://example.org, {ORIGIN}")
    allowed = client.options("/engine/kaldra/signal", headers={"Origin": ORIGIN, **PREFLIGHT})
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == ORIGIN
    refused = client.post("/engine/kaldra/signal", json={}, headers={"Origin": ORIGIN})
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == ORIGIN
    assert "access-control-allow-credentials" not in refused.headers


@pytest.mark.parametrize("origins", ["", "https://example.org"])
def test_others_may_not(gateway, origins):
    client = gateway(cores.away, KALDRA_CORS_ORIGINS=origins)
    answer = client.options("/engine/kaldra/signal", headers={"Origin": ORIGIN, **PREFLIGHT})
    assert answer.status_code >= 400
    assert "access-control-allow-origin" not in answer.headers
    assert answer.json()["error"]["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({"Access-Control-Request-Method": "DELETE"}, "method"),
        ({"Access-Control-Request-Headers": "x-other"}, "headers"),
    ],
)
def test_a_listed_origin_may_not_ask_for_more(gateway, changed, refused):
    client = gateway(cores.away, KALDRA_CORS_ORIGINS=ORIGIN)
    headers = {"Origin": ORIGIN, **PREFLIGHT, **changed}
    answer = client.options("/engine/kaldra/signal", headers=headers)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["message"]) == ("cors_refused", f"Disallowed CORS {refused}.")
    assert "origin" in answer.headers["vary"].lower()
