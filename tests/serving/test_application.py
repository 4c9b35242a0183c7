import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel
from starlette.testclient import TestClient

from serving import application
from serving.lifecycle import Lifecycle
from serving.metrics import Metrics

SECRET = "the-database-password"


class Body(BaseModel):
    text: str


@asynccontextmanager
async def no_resources() -> AsyncIterator[None]:
    yield


@pytest.fixture
def lifecycle() -> Lifecycle:
    return Lifecycle()


@pytest.fixture
def service(lifecycle: Lifecycle) -> FastAPI:
    app = application.build(
        title="Test",
        version="1",
        lifecycle=lifecycle,
        metrics=Metrics("test", "1"),
        resources=no_resources,
        routes=APIRouter(),
        max_body_bytes=1000,
        max_body_bytes_of={"/large": 2000},
    )

    @app.post("/echo")
    @app.post("/large")
    async def echo(body: Body) -> Body:
        return body

    @app.get("/crash")
    async def crash() -> None:
        raise RuntimeError(SECRET)

    return app


@pytest.fixture
def client(service: FastAPI) -> Iterator[TestClient]:
    with TestClient(service) as client:
        yield client


def test_health_and_readiness_are_apart(client: TestClient, lifecycle: Lifecycle):
    assert client.get("/ready").json() == {"status": "ready"}
    lifecycle.draining = True
    refused = client.get("/ready")
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "1"
    assert refused.headers["connection"] == "close"
    assert client.get("/health").json() == {"status": "ok"}


def test_not_ready_before_the_start(service: FastAPI):
    answer = TestClient(service).get("/ready")
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "not_ready"


def test_every_answer_carries_security_headers_and_its_request_id(client: TestClient):
    for path in ("/health", "/nowhere", "/crash"):
        answer = client.get(path, headers={"X-Request-ID": "r-7"})
        assert answer.headers["x-request-id"] == "r-7"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert "server" not in answer.headers


def test_a_crash_shows_nothing_of_itself(client: TestClient):
    answer = client.get("/crash")
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal_error"
    assert SECRET not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/nowhere", 404, "not_found"), ("GET", "/echo", 405, "method_not_allowed")],
)
def test_routing_faults_use_the_envelope(
    client: TestClient, method: str, path: str, status: int, code: str
):
    answer = client.request(method, path)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert error["code"] == code
    assert error["request_id"] == answer.headers["x-request-id"]


def test_bad_json(client: TestClient):
    answer = client.post("/echo", content='{"text": ', headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad_json"


def test_a_wrong_field_is_named_without_its_value(client: TestClient):
    answer = client.post("/echo", json={"text": [SECRET]})
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert error["code"] == "validation_error"
    assert error["details"][0]["where"] == "body.text"
    assert SECRET not in answer.text


def test_a_field_name_outside_of_unicode_is_survived(client: TestClient):
    content = b'{"\\ud800": 1}'
    answer = client.post("/echo", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_body_is_refused_before_it_is_parsed(client: TestClient, *, chunked: bool):
    content = b"[" * 1001
    answer = client.post(
        "/echo",
        content=iter([content]) if chunked else content,
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "body_too_large"


def test_a_path_may_have_a_limit_of_its_own(client: TestClient):
    assert client.post("/large", json={"text": "x" * 1500}).status_code == 200
    assert client.post("/large", json={"text": "x" * 2500}).status_code == 413


def test_metrics_count_by_route_and_never_by_path(client: TestClient):
    client.get("/health")
    client.get("/some/random/path")
    text = client.get("/metrics").text
    health = 'kaldra_http_request_duration_seconds_count{method="GET",route="/health",status="200"}'
    assert f"{health} 1.0" in text
    assert 'route="unmatched",status="404"' in text
    assert "random" not in text
    assert 'kaldra_build_info{service="test",version="1"} 1.0' in text


def test_the_docs_page_needs_nothing_from_elsewhere(client: TestClient):
    page = client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    for path in ("/docs", "/docs/page.js", "/docs/page.css"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "//" not in answer.text.replace("// ", "").replace('"/', "")
    assert "/echo" in json.loads(client.get("/openapi.json").text)["paths"]
