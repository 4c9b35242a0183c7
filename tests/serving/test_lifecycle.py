import asyncio
import re
import resource
import signal
import socket
import sys
import time
from pathlib import Path

import httpx2
import pytest
import uvicorn
import uvloop
from starlette.responses import PlainTextResponse

from serving import lifecycle
from serving.metrics import Metrics
from serving.protocol import Connections
from serving.settings import ServiceSettings
from tests.serving.reloading import Small


@pytest.fixture
def small(tmp_path, free_port) -> Small:
    small = Small(tmp_path, free_port)
    small.command = (sys.executable, "-m", "small")
    return small


def wait_until_not_ready(client: httpx2.Client) -> None:
    while client.get("/ready").status_code != 503:
        time.sleep(0.01)


def client_of(small: Small) -> httpx2.Client:
    return httpx2.Client(base_url=small.url, timeout=20)


def test_sigterm_fails_readiness_first_and_loses_no_request(small):
    small.environment["KALDRA_DRAIN_SECONDS"] = "1"
    with (
        small.start() as process,
        client_of(small) as client,
        client.stream("GET", "/answer?seconds=2") as running_request,
    ):
        process.send_signal(signal.SIGTERM)
        wait_until_not_ready(client)
        alive = client.get("/health")
        assert alive.status_code == 200
        assert alive.headers["connection"] == "close"
        assert client.get("/answer").text == "first"
        assert running_request.read() == b"first"
        assert process.wait(timeout=15) == 0


def test_a_second_signal_skips_the_draining(small):
    small.environment["KALDRA_DRAIN_SECONDS"] = "20"
    with small.start() as process, client_of(small) as client:
        process.send_signal(signal.SIGTERM)
        wait_until_not_ready(client)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0


def test_a_request_that_never_ends_is_cut_off_inside_the_grace(small):
    small.environment |= {"KALDRA_DRAIN_SECONDS": "0", "KALDRA_SHUTDOWN_SECONDS": "1"}
    with (
        small.start() as process,
        client_of(small) as client,
        client.stream("GET", "/answer?seconds=60") as endless,
    ):
        process.send_signal(signal.SIGTERM)
        with pytest.raises(httpx2.RemoteProtocolError):
            endless.read()
        assert process.wait(timeout=10) == 0


def test_a_crowd_is_accepted_in_a_few_turns_of_the_event_loop(free_port: int):
    crowd = 64
    connections = Connections(2 * crowd, Metrics("test", "1"))

    async def turns() -> int:
        config = uvicorn.Config(PlainTextResponse("ok"), port=free_port, log_config=None)
        config.load()
        server = lifecycle.Server(
            config, lifecycle.Lifecycle(), ServiceSettings.load({}), connections
        )
        server.lifespan = config.lifespan_class(config)
        await server.startup()
        clients = [socket.create_connection(("127.0.0.1", free_port)) for _ in range(crowd)]
        number = 0
        while len(connections.connections) < crowd:
            await asyncio.sleep(0)
            number += 1
        await server.shutdown()
        for client in clients:
            client.close()
        return number

    assert uvloop.run(turns()) < crowd / 2


def test_the_table_of_descriptors_need_not_grow(small):
    with small.start() as process:
        most, _ = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
        status = Path(f"/proc/{process.pid}/status").read_text("ascii")
    assert int(re.search(r"^FDSize:\s+(\d+)$", status, re.MULTILINE)[1]) >= most


@pytest.mark.parametrize(
    ("hard", "wanted", "found"),
    [(128, 1000, 40), (1 << 20, 1000, 1000), (resource.RLIM_INFINITY, 5000, 2024), (8, 1000, 1)],
)
def test_connections_fit_the_descriptors(monkeypatch, hard, wanted, found):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (8, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)
    settings = ServiceSettings.load({"KALDRA_MAX_CONNECTIONS": str(wanted)})
    assert lifecycle.connection_limit(settings) == found
