"""Running containers whose code can be replaced: of which service, and how each is reached."""

import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

from kaldra.cli import containers, kubectl
from kaldra.cli.log_sources import Pods
from kaldra.cli.workspace import Workspace
from kaldra.errors import ConfigurationError, KaldraError
from kaldra.paths import state
from kaldra.stack.services import LIVE_DIRECTORY, SERVICES, Service
from kaldra.toolchain import docker_client

RECEIVE = ("python3", "-m", "serving.receive", LIVE_DIRECTORY)
WATCH_AGAIN_SECONDS = 1.0
BY_NAME = {service.name: service for service in SERVICES}


@dataclass(frozen=True, order=True)
class Instance:
    """One start of a service's container."""

    name: str
    """Of the pod or container."""
    started: str
    """Differs from start to start."""
    service: Service = field(compare=False)

    def receiver(self, workspace: Workspace, *options: str) -> list[str]:
        """Command that opens a receiver in it."""
        receive = (*RECEIVE, *options)
        if workspace.settings.target == "local":
            return [str(state() / "bin" / "docker"), "exec", "--interactive", self.name, *receive]
        where = ("--stdin", f"--container={self.service.name}", self.name)
        return kubectl.command(workspace, "exec", *where, "--", *receive)


def require_live(workspace: Workspace) -> None:
    """Raise ConfigurationError where the stack's containers take no changed code."""
    if workspace.settings.takes_live_code:
        return
    if workspace.settings.target == "staging":
        raise ConfigurationError(
            f"Stack {workspace.stack} runs the code of its images alone.",
            hint="Edit live on dev or local: ./kaldra dev",
        )
    raise ConfigurationError(
        f"Pulumi.{workspace.stack}.yaml sets kaldra:live to false.",
        hint=f"Remove it, then: ./kaldra up --stack {workspace.stack}",
    )


def running(workspace: Workspace) -> set[Instance]:
    """Every running container of the stack."""
    if workspace.settings.target == "local":
        containers.require_engine(workspace)
        inspected = zip(SERVICES, containers.names(workspace), strict=True)
        return {
            Instance(name, container["State"]["StartedAt"], service)
            for service, name in inspected
            if (container := docker_client.container(name)) and docker_client.runs(container)
        }
    return {
        Instance(pod["metadata"]["name"], status["containerID"], BY_NAME[status["name"]])
        for pod in kubectl.listed(workspace, "pods", kubectl.SELECTOR)
        if "deletionTimestamp" not in pod["metadata"]
        for status in pod["status"].get("containerStatuses", ())
        if "running" in status["state"] and status["name"] in BY_NAME
    }


class Watcher:
    """Tells when `running` may have changed: on Docker always, which costs little to ask."""

    def __init__(self, workspace: Workspace) -> None:
        self._changed = threading.Event()
        self._changed.set()
        self._always = workspace.settings.target == "local"
        self._pods = Pods(workspace)
        self._ended = False
        if not self._always:
            threading.Thread(target=self._watch, daemon=True).start()

    @property
    def changed(self) -> bool:
        """Whether anything happened since this was asked last."""
        happened = self._always or self._changed.is_set()
        self._changed.clear()
        return happened

    def close(self) -> None:
        """End the watching."""
        self._ended = True
        self._pods.close()

    def _watch(self) -> None:
        while not self._ended:
            with suppress(KaldraError):
                for _ in self._pods.started():
                    self._changed.set()
            self._changed.set()
            time.sleep(WATCH_AGAIN_SECONDS)


def found(workspace: Workspace) -> set[Instance]:
    """As `running`, but a cluster or engine that cannot be asked right now runs nothing."""
    try:
        return running(workspace)
    except KaldraError:
        return set()
