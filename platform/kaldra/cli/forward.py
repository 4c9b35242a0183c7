"""A local port to a service of a Kubernetes stack, by `kubectl port-forward`."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from kaldra.cli import kubectl
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.cluster.ports import require_free
from kaldra.errors import KaldraError
from kaldra.stack.services import Service, named

RETRY_SECONDS = 0.5


def run(console: Console, *, stack: str, port: int, service: str) -> None:
    """Forward 127.0.0.1:port to the service until Ctrl+C or SIGTERM.

    kubectl forwards to one pod and exits with it; it is then restarted with another pod.
    """
    workspace = Workspace.open(stack)
    chosen = named(service)
    kubectl.command(workspace, "port-forward")
    require_free(port, chosen.name, "--port", where="the command line")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    console.note(f"http://127.0.0.1:{port} → {chosen.name} (Ctrl+C to stop)")
    try:
        while True:
            with _process(workspace, chosen, port) as process:
                said = process.communicate()[0].strip().splitlines() or ["kubectl exited"]
            console.note(f"{said[-1]}; reconnecting")
            time.sleep(RETRY_SECONDS)
    except KeyboardInterrupt:
        return


@contextmanager
def forwarded(workspace: Workspace, service: Service) -> Iterator[str]:
    """URL of the service on this machine while the block runs; kubectl chooses the port.

    Raises KaldraError with kubectl's output if it cannot connect.
    """
    with _process(workspace, service) as process:
        said = ""
        for line in process.stdout or ():
            said += line
            if found := re.match(r"Forwarding from (127\.0\.0\.1:\d+)", line):
                yield f"http://{found[1]}"
                return
        raise KaldraError(
            f"Cannot connect to a pod of {service.name}: {said.strip()}",
            hint=f"./kaldra logs --stack {workspace.stack}",
        )


@contextmanager
def _process(
    workspace: Workspace, service: Service, port: int | str = ""
) -> Iterator["subprocess.Popen[str]"]:
    command = kubectl.command(
        workspace, "port-forward", f"service/{service.name}", f"{port}:{service.port}",
        "--address=127.0.0.1",
    )  # fmt: skip
    with subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
