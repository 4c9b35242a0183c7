import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from kaldra.cluster import ports
from kaldra.errors import ConfigurationError

HEADER = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt inode\n"


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def row(port: int, state: str, inode: int, address: str = "0100007F") -> str:
    return f"   0: {address}:{port:04X} 00000000:0000 {state} 0:0 0:0 0  0  0 {inode} 1\n"


def process(proc: Path, number: int, name: str, *inodes: int) -> None:
    descriptors = proc / str(number) / "fd"
    descriptors.mkdir(parents=True)
    (proc / str(number) / "comm").write_text(f"{name}\n")
    for index, inode in enumerate(inodes):
        (descriptors / str(index)).symlink_to(f"socket:[{inode}]")


def test_a_free_port_is_free(free_port):
    assert ports.is_free(free_port)
    ports.require_free(free_port, "the gateway", "kaldra:apiPort")


def test_a_taken_port_is_told_with_its_holder_and_the_setting(taken, no_docker):
    with pytest.raises(ConfigurationError) as raised:
        ports.require_free(taken, "the gateway", "kaldra:apiPort")
    assert f"Port {taken} on 127.0.0.1, which the gateway needs" in str(raised.value)
    assert f"(process {os.getpid()})" in str(raised.value)
    assert "kaldra:apiPort" in raised.value.hint


def test_a_container_that_holds_a_port_is_named(docker):
    docker.answers["GET /containers/json"] = [
        {"Names": ["/other"], "Ports": [{"PublicPort": 9}]},
        {"Names": ["/compose_api_1"], "Ports": [{"PublicPort": 8000}]},
    ]
    assert ports.holder(8000) == "container compose_api_1"


ANY = "0" * 32


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        ({"tcp": row(8000, "01", 7) + row(8000, "0A", 8), "tcp6": ""}, "uvicorn (process 22)"),
        ({"tcp6": row(8000, "0A", 8, ANY)}, "uvicorn (process 22)"),
        ({"tcp": row(8000, "0A", 9)}, None),  # of a process that may not be seen
    ],
)
def test_the_process_that_listens_on_any_address_holds_a_port(tmp_path, tables, told):
    (tmp_path / "net").mkdir()
    for name, rows in tables.items():
        (tmp_path / "net" / name).write_text(HEADER + rows)
    process(tmp_path, 1, "browser", 7)
    process(tmp_path, 22, "uvicorn", 5, 8)
    assert ports._process(8000, tmp_path) == told
