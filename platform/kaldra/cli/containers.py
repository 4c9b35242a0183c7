"""The two containers of a `local` stack, seen through Docker alone."""

import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.cluster.ports import require_free
from kaldra.errors import KaldraError
from kaldra.paths import state
from kaldra.stack.services import API_NAME, CORE_NAME, container_name
from kaldra.toolchain import docker_client

PROBED_SECONDS = 10.0
LOOK_SECONDS = 0.2
PORT_FILES = ".env, or kaldra:apiPort in the stack's file: Pulumi.<stack>.yaml"


def names(workspace: Workspace) -> list[str]:
    """Names of the stack's containers, the core's first."""
    namespace = workspace.settings.namespace
    return [container_name(service, namespace) for service in (CORE_NAME, API_NAME)]


def require_engine(workspace: Workspace) -> None:
    """Raise KaldraError where no Docker Engine answers."""
    try:
        with docker_client.engine() as api:
            api.ping()
    except docker_client.UnavailableError as error:
        raise KaldraError(
            f"{error}. The containers of stack {workspace.stack} run in it.",
            hint=f"Start it, or: ./kaldra up --stack {workspace.stack}",
        ) from None


def require_port(workspace: Workspace) -> None:
    """Raise ConfigurationError naming who has the gateway's port, unless the gateway itself has."""
    settings = workspace.settings
    own = docker_client.container(names(workspace)[-1])
    if own is None or settings.api_port not in _published(own):
        require_free(settings.api_port, "kaldra-api", "API_PORT", where=PORT_FILES)


def tell_given(console: Console) -> None:
    """Say which variables the stack takes from elsewhere than its file."""
    from kaldra import dotenv  # noqa: PLC0415  stacks on a cluster know nothing of it

    by_origin: dict[str, list[str]] = {}
    for name in sorted(dotenv.given().keys() - dotenv.OF_THE_CONTAINER):
        by_origin.setdefault(dotenv.origin(name), []).append(name)
    for origin, found in by_origin.items():
        console.note(f"From {origin}, unless the stack's file says otherwise: {', '.join(found)}")


def print_status(workspace: Workspace) -> bool:
    """Print one line per container; whether both are well. Raises where there is neither."""
    require_engine(workspace)
    found = {name: look(name) for name in names(workspace)}
    if not any(found.values()):
        stack = workspace.stack
        raise KaldraError(f"Stack {stack} is not deployed.", hint=f"./kaldra up --stack {stack}")
    well = [_line(name, container) for name, container in found.items()]
    return all(well)


def look(name: str) -> dict[str, Any] | None:
    """Inspect a container; one that has just been started is waited for until Docker has probed it.

    `up` asks the service itself, and so ends before Docker's first probe.
    """
    end = time.monotonic() + PROBED_SECONDS
    while True:
        found = docker_client.container(name)
        if found is None or health(found) != "starting" or time.monotonic() >= end:
            return found
        time.sleep(LOOK_SECONDS)


def health(container: dict[str, Any]) -> str:
    """What Docker's probes say of it, else whether it runs."""
    current = container["State"]
    return str((current.get("Health") or current)["Status"])


def print_logs(workspace: Workspace, *, lines: int) -> None:
    """Print the last lines of each container, merged by time."""
    merged: list[tuple[str, str]] = []
    for name in _existing(workspace):
        done = subprocess.run(  # noqa: S603  the docker client that `up` chose
            _command(name, f"--tail={lines}", "--timestamps"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode != 0:
            raise KaldraError(f"docker logs {name} failed: {done.stdout.strip()}")
        stamped = (line.partition(" ") for line in done.stdout.splitlines())
        merged += [(time, f"[{name}] {text}") for time, _, text in stamped]
    for _, text in sorted(merged, key=lambda line: line[0]):
        sys.stdout.write(f"{text}\n")


def follow_logs(workspace: Workspace, *, lines: int) -> None:
    """Print the last lines of each container and those that come, until Ctrl+C."""
    following = [
        subprocess.Popen(  # noqa: S603  the docker client that `up` chose
            _command(name, f"--tail={lines}", "--follow"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        for name in _existing(workspace)
    ]
    readers = [
        threading.Thread(target=_pass_on, args=(name, process), daemon=True)
        for name, process in zip(_existing(workspace), following, strict=True)
    ]
    try:
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
    except KeyboardInterrupt:
        return
    finally:
        for process in following:
            process.terminate()
            process.wait()


def _existing(workspace: Workspace) -> list[str]:
    require_engine(workspace)
    there = [name for name in names(workspace) if docker_client.container(name)]
    if not there:
        stack = workspace.stack
        raise KaldraError(f"Stack {stack} is not deployed.", hint=f"./kaldra up --stack {stack}")
    return there


def _command(name: str, *options: str) -> Sequence[str]:
    return [str(state() / "bin" / "docker"), "logs", *options, name]


def _pass_on(name: str, process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None  # noqa: S101  opened with a pipe
    with process.stdout as lines:
        for line in lines:
            sys.stdout.write(f"[{name}] {line}")
            sys.stdout.flush()


def _line(name: str, container: dict[str, Any] | None) -> bool:
    if container is None:
        sys.stdout.write(f"✗ {name}  not there\n")
        return False
    state_of_health = health(container)
    restarts = container.get("RestartCount", 0)
    again = f", restarted {restarts} times" if restarts else ""
    well = container["State"]["Running"] and state_of_health == "healthy"
    mark, image = ("✓" if well else "✗"), container["Image"].removeprefix("sha256:")[:12]
    sys.stdout.write(f"{mark} {name}  {state_of_health}{again}  {image}\n")
    return bool(well)


def _published(container: dict[str, Any]) -> set[int]:
    """Ports of this machine that a running container has."""
    ports = (container.get("NetworkSettings") or {}).get("Ports") or {}
    return {int(host["HostPort"]) for hosts in ports.values() for host in hosts or []}
