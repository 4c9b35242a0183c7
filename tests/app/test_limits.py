from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from app import limits
from app.limits import RateLimit
from serving.errors import ApiError
from tests.app import cores
from tests.app.conftest import KEY, KEYS


class Clock:
    def __init__(self) -> None:
        self.now = 600.0

    def __call__(self) -> float:
        return self.now


def test_a_caller_gets_its_share_of_each_minute():
    clock = Clock()
    limit = RateLimit(2, clock)
    limit.take("a")
    limit.take("a")
    clock.now += 17.5
    with pytest.raises(ApiError) as caught:
        limit.take("a")
    assert caught.value.status_code == 429
    assert caught.value.headers == {"Retry-After": "43"}
    limit.take("b")
    clock.now += 43
    limit.take("a")


def test_zero_is_no_limit():
    limit = RateLimit(0)
    for _ in range(1000):
        limit.take("a")


def test_the_number_of_counters_is_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "MOST_CALLERS", 2)
    limit = RateLimit(1, Clock())
    for caller in ("a", "b", "c"):
        limit.take(caller)
    with pytest.raises(ApiError):
        limit.take("d")


def test_too_many_requests(gateway: Callable[..., TestClient]):
    client = gateway(cores.answering, KALDRA_RATE_LIMIT="1")

    def ask(key: str) -> int:
        headers = {"X-API-Key": key}
        return client.post("/geo/analyze", json={"text": "x"}, headers=headers).status_code

    assert ask(KEYS["front-end"]) == 200
    assert ask(KEYS["front-end"]) == 429
    assert ask(KEYS["batch-job"]) == 200


def test_the_answer_says_when_to_come_back(gateway: Callable[..., TestClient]):
    client = gateway(cores.answering, KALDRA_RATE_LIMIT="1")
    client.get("/engine/vocabulary/states", headers=KEY)
    answer = client.get("/engine/vocabulary/states", headers=KEY)
    assert answer.json()["error"]["code"] == "rate_limit_exceeded"
    assert 1 <= int(answer.headers["retry-after"]) <= 60
