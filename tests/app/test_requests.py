import pytest

from tests.app.conftest import KEY
from tests.fakes import cores

SIGNAL = "/engine/kaldra/signal"


@pytest.mark.parametrize(
    ("path", "body", "where"),
    [
        (SIGNAL, {}, "body.text"),
        (SIGNAL, {"text": 1}, "body.text"),
        (SIGNAL, {"text": "x" * 50_001}, "body.text"),
        (SIGNAL, {"text": "x", "mood": "y"}, "body.mood"),
        *[
            (SIGNAL, {"text": "x", "options": options}, f"body.options.{option}")
            for options, option in [
                ({"language": None}, "language"),
                ({"steps": 11}, "steps"),
                ({"steps": True}, "steps"),
                ({"steps": 1.5}, "steps"),
                ({"explain": 1}, "explain"),
                ({"context": {"city": "y"}}, "context.city"),
                ({"context": {"country": "Brazil"}}, "context.country"),
                ({"context": {"power_concentration": "high"}}, "context.power_concentration"),
            ]
        ],
        ("/engine/kaldra/batch", {"texts": []}, "body.texts"),
        ("/engine/kaldra/batch", {"texts": ["x"] * 1001}, "body.texts"),
        ("/alpha/analyze", {"text": "x", "ticker": "too-long-ticker"}, "body.ticker"),
        ("/geo/analyze", {"text": "x", "source": "rumour"}, "body.source"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(gateway, path, body, where):
    answer = gateway(cores.away).post(path, json=body, headers=KEY)
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert error["code"] == "validation_error"
    assert error["details"][0]["where"] == where


def test_the_longest_text_fits_however_it_is_escaped(gateway):
    content = b'{"text": "' + b"\\ud83d\\ude00" * 50_000 + b'"}'
    headers = {**KEY, "Content-Type": "application/json"}
    assert gateway(cores.answering).post(SIGNAL, content=content, headers=headers).is_success


@pytest.mark.parametrize(("path", "limit"), [(SIGNAL, 2000), ("/engine/kaldra/batch", 4000)])
def test_too_large(gateway, path, limit):
    client = gateway(cores.away, KALDRA_MAX_BODY_BYTES="2000", KALDRA_MAX_BATCH_BYTES="4000")
    headers = {**KEY, "Content-Type": "application/json"}
    answer = client.post(path, content=b" " * (limit + 1), headers=headers)
    assert answer.status_code == 413
    assert answer.json()["error"]["message"] == f"The body is larger than {limit} bytes."


def test_an_unknown_vocabulary(gateway):
    answer = gateway(cores.away).get("/engine/vocabulary/runes", headers=KEY)
    assert answer.status_code == 422
    assert answer.json()["error"]["details"][0]["where"] == "path.kind"
