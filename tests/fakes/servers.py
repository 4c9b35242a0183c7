"""Servers of the standard library, each in a thread of its own."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseServer


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    headers: Message
    body: bytes


Answer = Callable[[Asked], tuple[int, bytes, int] | tuple[int, bytes]]
"""Status, body, and its length where that is not what it is said to be."""


def handler(answer: Answer) -> type[BaseHTTPRequestHandler]:
    """Answers HTTP by a function of the request."""

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            given = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, body, *length = answer(Asked(self.command, self.path, self.headers, given))
            self.send_response(status)
            self.send_header("Content-Length", str(length[0] if length else len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_DELETE = do_GET = do_HEAD = do_POST = do_PUT = _serve  # noqa: N815  the base's names

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@contextmanager
def serving(server: BaseServer) -> Iterator[None]:
    """Serve until the block ends, then close."""
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def http_server(answer: Answer) -> Iterator[int]:
    """The port of a server on loopback that answers by a function of the request."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(answer))
    with serving(server):
        yield server.server_port
