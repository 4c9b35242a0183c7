"""`./kaldra logs`: both services' logs, merged, each line with its pod or container."""

import subprocess
import sys
import threading
import time
from collections.abc import Sequence

from kaldra.cli import containers, kubectl
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.errors import KaldraError
from kaldra.paths import state
from kaldra.stack.services import PART_OF
from kaldra.toolchain import docker_client

LOOK_SECONDS = 1.0
"""How often --follow looks for new pods and containers."""

SELECTOR = f"--selector=app.kubernetes.io/part-of={PART_OF}"


def run(console: Console, *, stack: str, follow: bool, lines: int) -> None:
    """Print the last lines of every pod or container; with `follow` also those that come."""
    del console
    workspace = Workspace.open(stack)
    if not sources(workspace):
        raise KaldraError(f"Stack {stack} is not deployed.", hint=f"./kaldra up --stack {stack}")
    if follow:
        _follow(workspace, lines)
    else:
        _print_last(workspace, lines)


def sources(workspace: Workspace) -> list[str]:
    """Names of the pods, as `pod/name`, or of the containers."""
    if workspace.settings.target == "local":
        containers.require_engine(workspace)
        return [name for name in containers.names(workspace) if docker_client.container(name)]
    return kubectl.read(workspace, "get", "pods", SELECTOR, "--output=name").split()


def _command(workspace: Workspace, source: str, *options: str) -> list[str]:
    if workspace.settings.target == "local":
        return [str(state() / "bin" / "docker"), "logs", *options, source]
    return kubectl.command(workspace, "logs", source, "--all-containers", *options)


def _start(command: Sequence[str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(  # noqa: S603  the client that `up` chose
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )


def _print_last(workspace: Workspace, lines: int) -> None:
    """Lines of all sources in the order of their time."""
    merged: list[tuple[str, str]] = []
    for source in sources(workspace):
        with _start(_command(workspace, source, f"--tail={lines}", "--timestamps")) as process:
            output = process.communicate()[0]
        stamped = (line.partition(" ") for line in output.splitlines())
        merged += [(stamp, f"[{source}] {text}\n") for stamp, _, text in stamped]
    for _, text in sorted(merged, key=lambda line: line[0]):
        sys.stdout.write(text)


def _follow(workspace: Workspace, lines: int) -> None:
    """Follow each source, and those that come later, until Ctrl+C."""
    following: dict[str, subprocess.Popen[str]] = {}
    readers: list[threading.Thread] = []
    try:
        tail = lines
        while True:
            for source in sources(workspace):
                known = following.get(source)
                if known is None:
                    options = ["--follow", f"--tail={tail}"]
                elif known.poll() is not None:  # its container was started again
                    options = ["--follow", f"--since={LOOK_SECONDS:.0f}s"]
                else:
                    continue
                process = following[source] = _start(_command(workspace, source, *options))
                readers.append(threading.Thread(target=_pass_on, args=(source, process)))
                readers[-1].start()
            tail = -1 if workspace.settings.on_cluster else lines
            time.sleep(LOOK_SECONDS)
    except KeyboardInterrupt:
        return
    finally:
        for process in following.values():
            process.terminate()
            process.wait()
        for reader in readers:
            reader.join()


def _pass_on(source: str, process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None  # noqa: S101  opened with a pipe
    with process.stdout as lines:
        for line in lines:
            sys.stdout.write(f"[{source}] {line}")
            sys.stdout.flush()
