"""debugpy in a running container, and a port of this machine that leads to it."""

import base64
import contextlib
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from importlib.metadata import files as files_of

from kaldra.cli import instances
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.cluster.ports import require_free
from kaldra.stack.services import Service

PORT = 5678
"""Editors' default for debugpy."""


def files() -> dict[str, str]:
    """The Python files of debugpy as base64, by path: its compiled ones fit this Python alone."""
    return {
        path.as_posix(): base64.b64encode(path.read_binary()).decode()
        for path in files_of("debugpy") or ()
        if path.suffix == ".py" and path.parts[0] == "debugpy"
    }


@contextlib.contextmanager
def forwarded(workspace: Workspace, console: Console, service: Service) -> Iterator[None]:
    """Lead 127.0.0.1:5678 to the debugger of a service while the block runs.

    One receiver in the container serves each connection: no port of it is published.
    """
    require_free(PORT, "the debugger", "--debug", where="the command line")

    class Client(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            for one in instances.found(workspace):
                if one.service is service:
                    subprocess.run(  # noqa: S603  the client that `up` chose
                        one.receiver(workspace, "--debugger"),
                        stdin=self.request,
                        stdout=self.request,
                        stderr=subprocess.DEVNULL,
                        check=False,
                    )
                    return

    with socketserver.ThreadingTCPServer(("127.0.0.1", PORT), Client) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        console.note(f"Attach a debugger to {service.name} at 127.0.0.1:{PORT}.")
        try:
            yield
        finally:
            server.shutdown()
