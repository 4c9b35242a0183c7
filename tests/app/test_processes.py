"""What only real processes and sockets show."""

import socket
import sys
from collections.abc import Iterator

import httpx2
import pytest

from tests import processes
from tests.conftest import unused_port

PATIENCE_SECONDS = 60
BODY = b'{"text": "A calm quarter."}'


@pytest.fixture(scope="module")
def core_port() -> int:
    return unused_port()


@pytest.fixture(scope="module")
def gateway(core_port) -> Iterator[int]:
    """Port of a gateway to `core_port`, where nothing listens yet."""
    with processes.gateway(f"http://127.0.0.1:{core_port}") as api:
        yield api.port


def signal_through(port: int) -> httpx2.Response:
    url = f"http://127.0.0.1:{port}/engine/kaldra/signal"
    headers = {"Content-Type": "application/json"}
    return httpx2.post(url, content=BODY, headers=headers, timeout=PATIENCE_SECONDS)


def test_a_core_that_is_down_and_comes_back(gateway, core_port):
    for _ in range(2):
        away = signal_through(gateway)
        assert away.status_code == 503
        assert away.headers["retry-after"] == "1"
        with processes.computing(core_port):
            assert signal_through(gateway).json()["signal_id"]


def test_the_core_is_left_when_the_client_leaves(gateway, core_port):
    head = f"POST /engine/kaldra/signal HTTP/1.1\r\nhost: x\r\ncontent-length: {len(BODY)}\r\n"
    content_type = b"content-type: application/json\r\n\r\n"
    with socket.create_server(("127.0.0.1", core_port)) as core:
        core.settimeout(PATIENCE_SECONDS)
        client = socket.create_connection(("127.0.0.1", gateway))
        client.sendall(head.encode() + content_type + BODY)
        upstream, _ = core.accept()
        upstream.settimeout(PATIENCE_SECONDS)
        received = b""
        while not received.endswith(BODY):
            received += upstream.recv(65536)
        client.close()
        assert upstream.recv(1) == b""
        upstream.close()


@pytest.mark.parametrize(("module", "line"), [("app", "API_PRT=8000"), ("core", "CORE_THREADS=0")])
def test_a_service_started_by_hand_refuses_a_wrong_env_file(tmp_path, module, line):
    file = tmp_path / ".env"
    file.write_text(f"# mine\n{line}\n")
    env = {"PYTHONPATH": str(processes.REPO), "KALDRA_ENV_FILE": str(file)}
    done = processes.ran(sys.executable, "-m", module, env=env)
    assert done.returncode == 2
    assert f"{file}, line 2: {line.partition('=')[0]} is " in done.stderr


@pytest.mark.parametrize(("module", "variable"), [("app", "API_PORT"), ("core", "CORE_PORT")])
def test_a_service_started_by_hand_reads_the_env_file(tmp_path, free_port, module, variable):
    file = tmp_path / ".env"
    file.write_text(f"{variable}={free_port}\nKALDRA_AUTH=off\n")
    with processes.running(module, free_port, KALDRA_ENV_FILE=str(file)):
        assert httpx2.get(f"http://127.0.0.1:{free_port}/ready").status_code == 200
