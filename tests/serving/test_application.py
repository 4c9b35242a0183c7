import asyncio
import re
import time
from collections.abc import Iterator
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Annotated

import httpx2
import pytest
from fastapi import APIRouter, Request
from prometheus_client import generate_latest
from pydantic import AfterValidator, BaseModel, TypeAdapter
from starlette.responses import Response
from starlette.testclient import TestClient

from serving import shell
from serving.application import Service
from serving.bodies import LARGE_BYTES_PER_SECOND, SMALL, Bodies, body_of, bounded_route
from serving.bodies import Body as BodyOf
from serving.errors import ApiError, unavailable
from serving.metrics import Metrics

SECRET = "the-database-password"


class Body(BaseModel):
    text: str


JSON = {"Content-Type": "application/json"}


@pytest.fixture
def service() -> Service:
    bodies = Bodies(largest=1000, largest_of={"/large": 200_000}, budget=480_000)
    routes = APIRouter(route_class=bounded_route(bodies, lambda _: nullcontext("somebody")))

    @routes.post("/echo", response_model=Body)
    @routes.post("/large", response_model=Body)
    async def echo(request: Request, body: Body) -> Response:
        assert body_of(request).content
        return Response(body.model_dump_json(), media_type="application/json")

    @routes.get("/crash")
    async def crash() -> None:
        raise RuntimeError(SECRET)

    @routes.get("/busy")
    async def busy() -> None:
        raise unavailable("busy", "Come again.")

    return Service(
        title="Test",
        version="1",
        metrics=Metrics("test", "1"),
        routers=(routes,),
        allowed_hosts=("testserver",),
    )


@pytest.fixture
def client(service) -> Iterator[TestClient]:
    with TestClient(service) as client:
        yield client


def test_health_and_readiness_are_apart(client, service):
    assert client.get("/ready").json() == {"status": "ready"}
    service.lifecycle.draining = True
    refused = client.get("/ready")
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "1"
    assert refused.headers["connection"] == "close"
    assert client.get("/health").json() == {"status": "ok"}


def test_not_ready_before_the_start(service):
    answer = TestClient(service).get("/ready")
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "not_ready"


def test_every_answer_carries_security_headers_and_its_request_id(client):
    for path in ("/health", "/nowhere", "/crash"):
        answer = client.get(path, headers={"X-Request-ID": "r-7"})
        assert answer.headers["x-request-id"] == "r-7"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert "server" not in answer.headers


LARGE = b"[" * 1001
HELLO = b'{"text": "x"}'


@pytest.mark.parametrize(
    ("asked", "content", "headers", "status", "code"),
    [
        ("GET /nowhere", b"", {}, 404, "not_found"),
        ("GET /echo", b"", {}, 405, "method_not_allowed"),
        ("POST /echo/", HELLO, JSON, 404, "not_found"),
        ("GET /crash", b"", {}, 500, "internal_error"),
        ("POST /echo", b'{"text": ', JSON, 400, "bad_json"),
        ("POST /echo", b'{"\\ud800": 1}', JSON, 400, "bad_json"),
        ("POST /echo", LARGE, JSON, 413, "body_too_large"),
        ("POST /echo", iter([LARGE]), JSON, 413, "body_too_large"),
        ("POST /echo", HELLO, {"Content-Type": ""}, 415, "unsupported_media_type"),
        ("POST /echo", HELLO, {"Content-Type": "text/plain"}, 415, "unsupported_media_type"),
        ("GET /crash", b"", {"Host": ""}, 400, "bad_host"),
        ("GET /crash", b"", {"Host": "evil.example"}, 400, "bad_host"),
        ("GET /crash", b"", {"Host": "testserver, evil.example"}, 400, "bad_host"),
        ("GET /crash", b"", {"Host": "testserver:x"}, 400, "bad_host"),
    ],
)
def test_every_fault_uses_the_envelope(client, asked, content, headers, status, code):
    method, path = asked.split()
    answer = client.request(method, path, content=content, headers=headers, follow_redirects=False)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert error["code"] == code
    assert error["request_id"] == answer.headers["x-request-id"]
    assert SECRET not in answer.text
    assert answer.headers.get("accept") == ("application/json" if status == 415 else None)


def test_bytes_that_are_no_unicode_are_told(client):
    answer = client.post("/echo", content=b'{"text": "\xff"}', headers=JSON)
    assert answer.json()["error"]["code"] == "bad_json"
    assert "unicode" in answer.json()["error"]["details"][0]["message"]


def test_a_wrong_field_is_named_without_its_value(client):
    answer = client.post("/echo", json={"text": [SECRET]})
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert error["code"] == "validation_error"
    assert error["details"][0]["where"] == "body.text"
    assert SECRET not in answer.text


def test_few_of_many_faults_are_listed(client):
    answer = client.post("/large", json={f"{n}" * 300: 1 for n in range(2, 9)} | {"text": 1})
    assert [d["where"] for d in answer.json()["error"]["details"]] == ["body.text"]


@pytest.mark.parametrize(
    "content",
    [
        b'{"a":' * 40_000,
        b"[" * 150_000,
        b'{"text": ' + b"1" * 150_000 + b"}",
        b"{" + b",".join(b'"%d":1' % n for n in range(15_000)) + b"}",
    ],
)
def test_a_body_of_many_parts_is_refused_unparsed(client, content):
    answer = client.post("/large", content=content, headers=JSON)
    assert answer.status_code == 422
    assert len(answer.content) < 1000


@pytest.mark.parametrize("text", ['{[,:"\\' * 15_000, "\\" * 90_000, '"' * 90_000])
def test_a_text_may_hold_whatever_json_is_made_of(client, text):
    assert client.post("/large", json={"text": text}).json() == {"text": text}


@pytest.mark.anyio
async def test_bodies_are_bounded_in_sum_and_by_caller():
    bodies = Bodies(largest=200_000, budget=400_000)
    first, second, other = BodyOf(bodies, "a"), BodyOf(bodies, "a"), BodyOf(bodies, "b")
    first.count(150_000)
    with pytest.raises(ApiError) as caught:
        second.count(150_000)
    assert caught.value.status_code == 429
    other.count(150_000)
    with pytest.raises(ApiError) as caught:
        BodyOf(bodies, "c").count(150_000)
    assert caught.value.status_code == 503
    first.release()
    second.count(150_000)
    second.count(160_000)
    second.release()
    other.release()
    assert bodies.held == 0


@pytest.mark.anyio
async def test_other_requests_have_many_turns_between_two_large_bodies():
    turns = 0
    validated_at: list[int] = []

    def validate(text: str) -> str:
        time.sleep(0.02)
        validated_at.append(turns)
        return text

    async def take_turns() -> None:
        nonlocal turns
        while len(validated_at) < 2:
            turns += 1
            await asyncio.sleep(0)

    bodies = Bodies(largest=200_000, budget=400_000)
    adapter = TypeAdapter(Annotated[str, AfterValidator(validate)])
    content = b'"%s"' % (b"x" * (SMALL + 1))
    await asyncio.gather(
        take_turns(), bodies.validated(adapter, content), bodies.validated(adapter, content)
    )
    first, second = validated_at
    assert second - first > 10


@pytest.mark.anyio
async def test_who_sends_many_large_bodies_waits_longer_than_others():
    order: list[str] = []
    bodies = Bodies(largest=1 << 20, budget=8 << 20)
    adapter = TypeAdapter(str)
    content = bytearray(b'"%s"' % (b"x" * (LARGE_BYTES_PER_SECOND // 20)))

    async def send(caller: str) -> None:
        await bodies.validated(adapter, content, caller)
        order.append(caller)

    await asyncio.gather(send("many"), send("many"), send("many"), send("other"))
    assert order == ["many", "other", "many", "many"]


def test_a_flood_of_refusals_is_logged_in_part_and_counted_in_whole(
    client, service, monkeypatch, caplog
):
    caplog.set_level("INFO", "serving.access")
    clock = SimpleNamespace(monotonic=lambda: 1.5, perf_counter=time.perf_counter)
    monkeypatch.setattr(shell, "time", clock)
    for _ in range(shell.REFUSALS_LOGGED + 5):
        client.get("/busy")
    assert client.get("/openapi.json").status_code == 200
    clock.monotonic = lambda: 2.5
    client.get("/busy")
    statuses = [getattr(record, "fields")["status"] for record in caplog.records]  # noqa: B009
    assert statuses == [503] * shell.REFUSALS_LOGGED + [200, 503]
    counted = f'route="/busy",status="503"}} {shell.REFUSALS_LOGGED + 6}.0'
    assert counted in generate_latest(service.metrics.registry).decode()


def test_head_is_answered_like_get(client):
    got, headed = client.get("/health"), client.head("/health")
    assert headed.status_code == 200
    assert headed.content == b""
    assert headed.headers["content-length"] == got.headers["content-length"]
    assert client.post("/health").headers["allow"] == "GET, HEAD"


def test_probes_may_name_the_pod(client):
    assert client.get("/health", headers={"Host": "10.1.2.3:8000"}).status_code == 200


def test_metrics_count_by_route_and_never_by_path(client, service):
    client.get("/health")
    client.get("/some/random/path")
    text = generate_latest(service.metrics.registry).decode()
    assert '_count{method="GET",route="/health",status="200"} 1.0' in text
    assert 'route="unmatched",status="404"' in text
    assert "random" not in text
    assert 'kaldra_build_info{service="test",version="1"} 1.0' in text


def test_the_docs_page_needs_nothing_from_elsewhere(client):
    page = client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "//" not in page.text
    for path in re.findall(r'(?:src|href)="(/[^"]+)"', page.text):
        assert client.get(path).status_code == 200
    assert "/echo" in client.get("/openapi.json").json()["paths"]


@pytest.mark.anyio
async def test_the_document_is_made_once_for_all_who_wait(service, monkeypatch):
    made: list[None] = []

    def document() -> dict[str, str]:
        made.append(None)
        time.sleep(0.05)
        return {}

    monkeypatch.setattr(service, "openapi", document)
    transport = httpx2.ASGITransport(service)
    async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as client:
        answers = await asyncio.gather(*(client.get("/openapi.json") for _ in range(4)))
    assert [answer.json() for answer in answers] == [{}] * 4
    assert len(made) == 1
