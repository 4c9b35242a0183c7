import socket

import httpx2
import pytest
from starlette.testclient import TestClient

from app import __version__, core_client
from app.factory import create_app
from app.settings import Settings
from tests.fakes import cores


def test_status_is_what_it_always_was(gateway):
    answer = gateway(cores.away).get("/status/")
    assert answer.json() == {"status": "KALDRA API Gateway online", "version": __version__}


def test_status_of_a_ready_core(gateway):
    def core(request: httpx2.Request) -> httpx2.Response:
        assert request.url.path == "/ready"
        return httpx2.Response(200, json={"status": "ready"})

    assert gateway(core).get("/status/core").json() == {"status": "ready"}


@pytest.mark.parametrize("core", [cores.away, cores.something_else])
def test_status_of_a_core_that_is_away_or_something_else(gateway, core):
    answer = gateway(core).get("/status/core")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    error = answer.json()["error"]
    assert error["code"] == "core_unavailable"
    assert error["request_id"] == answer.headers["x-request-id"]


def test_a_core_that_hangs_costs_less_than_a_second(free_port):
    """A socket that accepts and says nothing; the answer comes from the gateway's deadline."""
    with socket.create_server(("127.0.0.1", free_port)):
        settings = Settings.load(
            {"CORE_SERVICE_URL": f"http://127.0.0.1:{free_port}", "KALDRA_AUTH": "off"}
        )
        with TestClient(create_app(settings)) as client:
            answer = client.get("/status/core")
    assert answer.status_code == 503
    assert core_client.STATUS_SECONDS < 1
