"""A stand-in for the Docker Engine's socket: answers what a test says, remembers what was asked."""

import json
import re
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.fakes.servers import serving

Answer = Any
"""JSON, a (status, JSON) pair, None for 404, or a function of the request body giving one."""


@dataclass
class FakeDocker:
    """Answers by `METHOD /path` without the query; what is not listed is not found."""

    socket: Path
    answers: dict[str, Answer] = field(
        default_factory=lambda: {"GET /version": {"Version": "20.10.24", "ApiVersion": "1.41"}}
    )
    asked: list[str] = field(default_factory=list)
    bodies: dict[str, Any] = field(default_factory=dict)

    def changes(self) -> list[str]:
        return [asked for asked in self.asked if not asked.startswith("GET ")]

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, Any]:
        path = re.sub(r"^/v\d+\.\d+", "", unquote(urlsplit(target).path))
        key = f"{method} {path}"
        self.asked.append(key)
        self.bodies[key] = _decoded(body)
        found = self.answers.get(key)
        if callable(found):
            found = found(self.bodies[key])
        if found is None:
            return 404, {"message": f"no answer for {key}"}
        return found if isinstance(found, tuple) else (200, found)


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    docker: FakeDocker


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, document = self.server.docker.answer(self.command, self.path, body)
        data = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815  the base class's names

    def address_string(self) -> str:
        return "unix"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class's name
        pass


@contextmanager
def fake_docker(folder: Path) -> Iterator[FakeDocker]:
    docker = FakeDocker(folder / "docker.sock")
    server = _Server(str(docker.socket), _Handler)
    server.docker = docker
    with serving(server):
        yield docker
