"""A local file server that stands in for every publisher."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.fakes.servers import serving


@dataclass
class Publishers:
    """Files by address without its scheme; `cut` ends an answer after so many bytes."""

    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    cut: int | None = None


@contextmanager
def publishers() -> Iterator[Publishers]:
    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._head(200, 0)

        def do_GET(self) -> None:
            name = self.path.lstrip("/")
            asked = self.headers.get("Range")
            served.asked.append(f"{name} {asked}" if asked else name)
            body = served.files.get(name)
            if body is None:
                self._head(404, 0)
                return
            start = int(re.sub(r"\D", "", asked)) if asked else 0
            self._head(206 if asked else 200, len(body) - start)
            self.wfile.write(body[start : served.cut])

        def _head(self, status: int, length: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(length))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = Publishers(f"http://127.0.0.1:{server.server_port}")
    with serving(server):
        yield served
