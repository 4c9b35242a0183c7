"""The two containers of a `local` stack."""

import time
from typing import Any

from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.cluster.ports import require_free
from kaldra.errors import KaldraError
from kaldra.stack.services import API, SERVICES
from kaldra.toolchain import docker_client

PROBED_SECONDS = 10.0
LOOK_SECONDS = 0.2
PORT_FILES = ".env, or kaldra:apiPort in the stack's file: Pulumi.<stack>.yaml"


def names(workspace: Workspace) -> list[str]:
    """Names of the stack's containers, in the order of the services."""
    return [service.container_name(workspace.settings.namespace) for service in SERVICES]


def require_engine(workspace: Workspace) -> None:
    """Raise KaldraError if no Docker Engine responds."""
    try:
        with docker_client.engine() as api:
            api.ping()
    except docker_client.UnavailableError as error:
        raise KaldraError(
            f"{error}. The containers of stack {workspace.stack} run in it.",
            hint=f"Start it, or: ./kaldra up --stack {workspace.stack}",
        ) from None


def require_port(workspace: Workspace) -> None:
    """Raise ConfigurationError, naming the process, if another process uses the gateway's port."""
    settings = workspace.settings
    own = docker_client.container(API.container_name(settings.namespace)) or {}
    ports = (own.get("NetworkSettings") or {}).get("Ports") or {}
    published = {int(host["HostPort"]) for hosts in ports.values() for host in hosts or ()}
    if settings.api_port not in published:
        require_free(settings.api_port, API.name, "API_PORT", where=PORT_FILES)


def tell_given(console: Console) -> None:
    """Print the variables that the stack reads from the environment or `.env`."""
    from kaldra.stack import dotenv  # noqa: PLC0415  stacks on a cluster do not read it

    by_origin: dict[str, list[str]] = {}
    for name in sorted(dotenv.given().keys() - dotenv.OF_THE_CONTAINER):
        by_origin.setdefault(dotenv.origin(name), []).append(name)
    for origin, found in by_origin.items():
        console.note(f"From {origin}, unless set in the stack file: {', '.join(found)}")


def look(name: str) -> dict[str, Any] | None:
    """Inspect a container; wait for the first health check of one that was just started.

    `up` requests /status/ itself, and so may end before Docker's first health check.
    """
    end = time.monotonic() + PROBED_SECONDS
    while True:
        found = docker_client.container(name)
        if found is None or health(found) != "starting" or time.monotonic() >= end:
            return found
        time.sleep(LOOK_SECONDS)


def health(container: dict[str, Any]) -> str:
    """Its health status; without a health check its state."""
    current = container["State"]
    if current.get("Paused"):  # its last check may have said anything
        return "paused"
    return str((current.get("Health") or current)["Status"])
