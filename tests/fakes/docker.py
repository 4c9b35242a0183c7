"""A stand-in for the Docker Engine's socket: answers what a test says, remembers what was asked."""

import json
import re
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.fakes.servers import Asked, handler, serving

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

    def answer(self, asked: Asked) -> tuple[int, bytes]:
        path = re.sub(r"^/v\d+\.\d+", "", unquote(urlsplit(asked.path).path))
        key = f"{asked.method} {path}"
        self.asked.append(key)
        self.bodies[key] = _decoded(asked.body)
        found = self.answers.get(key)
        if callable(found):
            found = found(self.bodies[key])
        if found is None:
            found = 404, {"message": f"no answer for {key}"}
        status, document = found if isinstance(found, tuple) else (200, found)
        return status, json.dumps(document).encode()


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


@contextmanager
def fake_docker(folder: Path) -> Iterator[FakeDocker]:
    docker = FakeDocker(folder / "docker.sock")
    with serving(_Server(str(docker.socket), handler(docker.answer))):
        yield docker
