"""`./kaldra logs`: both services' logs, merged, each line with its pod or container."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True)
class Source:
    """A pod or container whose lines can be read."""

    name: str
    """`pod/name`, or the container's name."""
    instance: str
    """Changes each time a container is started; lines of an earlier one are not asked for."""
    options: tuple[str, ...] = ()
    """Options that leave out the lines of earlier instances."""


def run(console: Console, *, stack: str, follow: bool, lines: int) -> None:
    """Print the last lines of every pod or container; with `follow` also those that come."""
    del console
    workspace = Workspace.open(stack)
    found = sources(workspace)
    if not found:
        raise KaldraError(f"Stack {stack} is not deployed.", hint=f"./kaldra up --stack {stack}")
    if follow:
        _follow(workspace, lines)
    else:
        _print_last(workspace, found, lines)


def sources(workspace: Workspace) -> list[Source]:
    """Pods and containers that have been started; one that is being created has no lines yet."""
    if workspace.settings.target == "local":
        containers.require_engine(workspace)
        found = ((name, docker_client.container(name)) for name in containers.names(workspace))
        return [_container(name, document) for name, document in found if document]
    answer = json.loads(kubectl.read(workspace, "get", "pods", SELECTOR, "--output=json"))
    pods = ((f"pod/{pod['metadata']['name']}", _instance(pod)) for pod in answer["items"])
    return [Source(name, instance) for name, instance in pods if instance]


def _container(name: str, document: Mapping[str, Any]) -> Source:
    began = document["State"]["StartedAt"]
    return Source(name, f"{document['Id']} {began}", (f"--since={began}",))


def _instance(pod: Mapping[str, Any]) -> str:
    """Ids of the containers that were started last; "" before the first."""
    found = set()
    for status in pod.get("status", {}).get("containerStatuses") or ():
        states = (status.get("state") or {}, status.get("lastState") or {})
        every = (state.get(kind) for state in states for kind in ("running", "terminated"))
        if any(every):
            found.add(str(status.get("containerID")))
    return " ".join(sorted(found))


def _command(workspace: Workspace, source: Source, *options: str) -> list[str]:
    if workspace.settings.target == "local":
        return [str(state() / "bin" / "docker"), "logs", *options, source.name]
    return kubectl.command(workspace, "logs", source.name, "--all-containers", *options)


def _start(command: Sequence[str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(  # noqa: S603  the client that `up` chose
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )


def _print_last(workspace: Workspace, found: Sequence[Source], lines: int) -> None:
    """Lines of all sources in the order of their time."""
    merged: list[tuple[str, str]] = []
    for source in found:
        with _start(_command(workspace, source, f"--tail={lines}", "--timestamps")) as process:
            output = process.communicate()[0]
        stamped = (line.partition(" ") for line in output.splitlines())
        merged += [(stamp, f"[{source.name}] {text}\n") for stamp, _, text in stamped]
    for _, text in sorted(merged, key=lambda line: line[0]):
        sys.stdout.write(text)


def _follow(workspace: Workspace, lines: int) -> None:
    """Follow each source, and those that come later from their first line, until Ctrl+C."""
    following: dict[str, str] = {}
    processes: list[subprocess.Popen[str]] = []
    readers: list[threading.Thread] = []
    first: tuple[str, ...] = (f"--tail={lines}",)
    try:
        while True:
            for source in sources(workspace):
                if following.get(source.name) == source.instance:
                    continue
                options = first or source.options
                following[source.name] = source.instance
                process = _start(_command(workspace, source, "--follow", *options))
                processes.append(process)
                readers.append(threading.Thread(target=_pass_on, args=(source.name, process)))
                readers[-1].start()
            first = ()
            time.sleep(LOOK_SECONDS)
    except KeyboardInterrupt:
        return
    finally:
        for process in processes:
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
