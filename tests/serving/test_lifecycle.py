import resource
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest

from serving import lifecycle
from serving.settings import ServiceSettings
from tests.processes import running


@contextmanager
def slow_service(port: int, **environment: str) -> Iterator[subprocess.Popen[str]]:
    module = "tests.serving.slow_service"
    with running(module, port, TEST_PORT=str(port), **environment) as process:
        yield process


def wait_until_not_ready(client: httpx2.Client) -> None:
    while client.get("/ready").status_code != 503:
        time.sleep(0.01)


def client_of(port: int) -> httpx2.Client:
    return httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=20)


def test_sigterm_fails_readiness_first_and_loses_no_request(free_port: int):
    with (
        slow_service(free_port, KALDRA_DRAIN_SECONDS="1") as process,
        client_of(free_port) as client,
        client.stream("GET", "/slow?seconds=2") as running_request,
    ):
        pieces = running_request.iter_text()
        assert next(pieces) == "begun "
        process.send_signal(signal.SIGTERM)
        wait_until_not_ready(client)
        alive = client.get("/health")
        assert alive.status_code == 200
        assert alive.headers["connection"] == "close"
        assert client.get("/slow?seconds=0").text == "begun finished"
        assert "".join(pieces) == "finished"
        assert process.wait(timeout=15) == 0


def test_a_second_signal_skips_the_draining(free_port: int):
    with (
        slow_service(free_port, KALDRA_DRAIN_SECONDS="20") as process,
        client_of(free_port) as client,
    ):
        process.send_signal(signal.SIGTERM)
        wait_until_not_ready(client)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0


def test_a_request_that_never_ends_is_cut_off_inside_the_grace(free_port: int):
    environment = {"KALDRA_DRAIN_SECONDS": "0", "KALDRA_SHUTDOWN_SECONDS": "1"}
    with (
        slow_service(free_port, **environment) as process,
        client_of(free_port) as client,
        client.stream("GET", "/slow?seconds=60") as endless,
    ):
        pieces = endless.iter_text()
        assert next(pieces) == "begun "
        process.send_signal(signal.SIGTERM)
        with pytest.raises(httpx2.RemoteProtocolError):
            next(pieces)
        assert process.wait(timeout=10) == 0


@pytest.mark.parametrize(
    ("hard", "wanted", "found"),
    [(128, 1000, 48), (1 << 20, 1000, 1000), (resource.RLIM_INFINITY, 5000, 2032), (8, 1000, 1)],
)
def test_connections_fit_the_descriptors(
    monkeypatch: pytest.MonkeyPatch, hard: int, wanted: int, found: int
):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (8, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)
    settings = ServiceSettings.load({"KALDRA_MAX_CONNECTIONS": str(wanted)})
    assert lifecycle.connection_limit(settings) == found
