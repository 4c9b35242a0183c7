from contextlib import ExitStack

import httpx2
import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from app import auth, limits
from app.admission import Admission, LoadShedding
from app.limits import Places, RateLimit
from app.routers import guarded
from app.settings import Settings
from serving.bodies import Bodies
from serving.errors import ApiError
from serving.lifecycle import Lifecycle
from serving.metrics import Metrics
from serving.shell import Shell
from tests.app.conftest import KEY, KEYS, Gateway
from tests.fakes import cores

VOCABULARY = "/engine/vocabulary/states"


class Clock:
    def __init__(self) -> None:
        self.now = 600.0

    def __call__(self) -> float:
        return self.now


def limit_of(limit: int, clock: Clock | None = None) -> RateLimit:
    return RateLimit("requests", limit, clock or Clock())


def test_the_window_slides():
    clock = Clock()
    limit = limit_of(2, clock)
    limit.take("a")
    clock.now += 40
    limit.take("a")
    with pytest.raises(ApiError) as caught:
        limit.take("a")
    assert caught.value.status_code == 429
    assert caught.value.headers == {"Retry-After": "20"}
    limit.take("b")
    clock.now += 20
    limit.take("a")
    with pytest.raises(ApiError) as caught:
        limit.take("a")
    assert caught.value.headers == {"Retry-After": "40"}


@pytest.mark.parametrize("step", [0.01, 0.4, 1.3, 29.9])
def test_no_minute_has_more_than_the_limit(step: float):
    clock = Clock()
    limit = limit_of(10, clock)
    admitted: list[float] = []
    while clock.now < 900:
        try:
            limit.take("a")
        except ApiError as error:
            clock.now += int((error.headers or {})["Retry-After"])
            limit.take("a")
        admitted.append(clock.now)
        clock.now += step
    assert all(sum(t <= s < t + 60 for s in admitted) <= 10 for t in admitted)


def test_what_does_not_fit_takes_nothing():
    limit = limit_of(10)
    limit.take("a", 6)
    with pytest.raises(ApiError):
        limit.take("a", 5)
    limit.take("a", 4)


def test_zero_is_no_limit():
    limit = limit_of(0)
    for _ in range(1000):
        limit.take("a")


def test_the_number_of_windows_is_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "MOST_CALLERS", 2)
    clock = Clock()
    limit = limit_of(1, clock)
    for caller in ("a", "b", "c"):
        limit.take(caller)
    with pytest.raises(ApiError):
        limit.take("d")
    clock.now += 60
    limit.take("d")


def test_one_caller_cannot_hold_every_place():
    places = Places(3, 2)
    with places.hold("a"), places.hold("a"):
        with pytest.raises(ApiError) as caught, places.hold("a"):
            pass
        assert caught.value.status_code == 429
        with places.hold("b"):
            with pytest.raises(ApiError) as caught, places.hold("c"):
                pass
            assert caught.value.status_code == 503
    with places.hold("a"):
        assert places.held == 1


def test_those_who_find_no_place_get_turns_and_delay_nobody_else():
    clock = Clock()
    places = Places(3, 2, clock)

    def refused(caller: str) -> int:
        with pytest.raises(ApiError) as caught, places.hold(caller):
            pass
        return int((caught.value.headers or {})["Retry-After"])

    with places.hold("a"), places.hold("a"), places.hold("b"):
        assert [refused("a") for _ in range(5)] == [1, 1, 2, 2, 3]
        assert [refused("b") for _ in range(4)] == [1, 1, 1, 2]
        assert {refused("a") for _ in range(100)} <= set(range(3, 11))
        clock.now += 60
        assert refused("a") == 1


def test_a_crowd_is_refused_before_routing(settings: Settings, caplog: pytest.LogCaptureFixture):
    admission = Admission(settings, auth.load(settings))
    bodies = Bodies(largest=1, budget=1)
    router = guarded.router(admission, bodies, prefix="/engine", tag="engine")
    router.post("/signal")(lambda: None)
    router.get("/vocabulary")(lambda: None)
    metrics = Metrics("kaldra-api", "0")
    reached = PlainTextResponse("reached")
    shedding = LoadShedding(reached, admission, [router])
    client = TestClient(Shell(shedding, metrics, Lifecycle()))

    def post(path: str, key: str) -> int:
        return client.post(path, headers={"X-API-Key": key}).status_code

    with ExitStack() as held:
        for _ in range(settings.caller_concurrency):
            assert post("/engine/signal", KEYS["front-end"]) == 200
            held.enter_context(admission.places.hold("front-end"))
        with caplog.at_level("INFO", "serving.access"):
            refused = client.post("/engine/signal", headers=KEY)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        assert refused.json()["error"]["code"] == "too_much_at_once"
        assert caplog.records[-1].fields["route"] == "/engine/signal"  # type: ignore[attr-defined]
        assert post("/engine/signal", KEYS["batch-job"]) == 200
        assert post("/engine/signal", "unknown") == 401
        assert post("/elsewhere", "unknown") == 200
        assert client.get("/engine/vocabulary").text == "reached"


def test_too_many_requests_of_a_caller_are_told_when_to_come_back(gateway: Gateway):
    client = gateway(cores.answering, KALDRA_RATE_LIMIT="1")

    def ask(key: str) -> httpx2.Response:
        headers = {"X-API-Key": key}
        return client.post("/geo/analyze", json={"text": "x"}, headers=headers)

    first = ask(KEYS["front-end"])
    assert first.status_code == 200
    assert first.headers["ratelimit-policy"] == '"requests";q=1;w=60'
    assert first.headers["ratelimit"].startswith('"requests";r=0;t=')
    second = ask(KEYS["front-end"])
    assert second.status_code == 429
    assert second.json()["error"]["code"] == "rate_limit_exceeded"
    assert 1 <= int(second.headers["retry-after"]) <= 60
    assert ask(KEYS["batch-job"]).status_code == 200


def test_texts_are_counted(gateway: Gateway):
    client = gateway(cores.answering, KALDRA_TEXT_LIMIT="5")

    def ask(texts: int) -> int:
        body = {"texts": ["x"] * texts}
        return client.post("/engine/kaldra/window", json=body, headers=KEY).status_code

    assert [ask(3), ask(3), ask(2)] == [200, 429, 200]


def test_wrong_keys_are_limited_and_right_ones_from_there_are_not(gateway: Gateway):
    client = gateway(cores.answering, KALDRA_RATE_LIMIT="2")
    wrong = {"X-API-Key": "not-a-key-of-anybody"}
    statuses = [client.get(VOCABULARY, headers=wrong).status_code for _ in range(3)]
    assert statuses == [401, 401, 429]
    assert client.get(VOCABULARY, headers=KEY).status_code == 200
