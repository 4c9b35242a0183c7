"""`./kaldra checklist`: the seven things that have to hold before a deployment counts as done."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kaldra.cli import build, check, containers, down, kubectl, up
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.errors import ConfigurationError, KaldraError
from kaldra.stack.services import API_NAME, CORE_NAME, PART_OF
from kaldra.toolchain import docker_client, engine

TAG = "dev"
ANSWER_SECONDS = 15
SERVICES = (CORE_NAME, API_NAME)


def run(console: Console, *, stack: str, assume_yes: bool) -> None:
    """Try all seven, print ✔ or ✘ and the fix for each; exits 1 unless all hold.

    The stack is taken down on the way; if it was up before, it is brought up again at the end.
    """
    if not Checklist(console, stack, assume_yes=assume_yes).run():
        console.error("Not everything on the list holds.", f"./kaldra checklist --stack {stack}")
        sys.exit(1)


class Checklist:
    """The checks in their order; each returns what it found, or raises KaldraError with the fix."""

    def __init__(self, console: Console, stack: str, *, assume_yes: bool) -> None:
        self._console = console
        self._stack = stack
        self._assume_yes = assume_yes
        self._opened: Workspace | None = None
        self._was_up = False
        self._up = False

    def run(self) -> bool:
        """Whether all hold."""
        everything: dict[str, Callable[[], str]] = {
            "Docker answers and can build": self.docker,
            "The configuration is there and valid": self.configuration,
            f"./kaldra up --stack {self._stack}": self.up,
            f"{CORE_NAME} and {API_NAME} run": self.running,
            "/status/ answers with status and version": self.answers,
            f"./kaldra down --stack {self._stack}": self.down,
            f"./kaldra build makes {CORE_NAME}:{TAG} and {API_NAME}:{TAG}": self.images,
        }
        held = [_tried(n, *item) for n, item in enumerate(everything.items(), 1)]
        if self._was_up and not self._up:
            self._console.note("The stack was up before: bringing it up again.")
            up.run(self._console, stack=self._stack, assume_yes=self._assume_yes)
        return all(held)

    def docker(self) -> str:
        """An engine that answers, and a client with BuildKit."""
        found = engine.check_engine()
        if found.problem:
            raise KaldraError(found.problem, hint=found.fix)
        return f"{found.version} at {found.where}"

    def configuration(self) -> str:
        """The stack's file; on Docker alone a `.env` as well."""
        workspace = Workspace.open(self._stack)
        if workspace.settings.target == "staging":
            raise ConfigurationError(
                f"Stack {self._stack} is for others to use: this list would take it down.",
                hint=f"./kaldra status --stack {self._stack}",
            )
        self._opened = workspace
        self._was_up = bool(workspace.deployment().get("resources"))
        file = f"Pulumi.{self._stack}.yaml"
        return f"{file}, {_env_file()}" if workspace.settings.target == "local" else file

    def up(self) -> str:
        """The stack comes up."""
        workspace = self._workspace()
        up.run(self._console, stack=self._stack, assume_yes=self._assume_yes)
        self._up = True
        return workspace.settings.url

    def running(self) -> str:
        """Both services are there and ready."""
        workspace = self._deployed()
        if workspace.settings.target == "local":
            return _running_containers(workspace)
        return _ready_pods(workspace)

    def answers(self) -> str:
        """The gateway's own answer."""
        url = self._deployed().settings.url
        body = check.wait_for_status(url, self._console, ANSWER_SECONDS)
        if not {"status", "version"} <= json.loads(body).keys():
            raise KaldraError(
                f"{url}/status/ answers {body}", hint=f"./kaldra logs --stack {self._stack}"
            )
        return body

    def down(self) -> str:
        """The stack goes, and leaves nothing."""
        workspace = self._deployed()
        down.run(self._console, stack=self._stack, everything=False)
        self._up = False
        left = _left(workspace)
        if left:
            raise KaldraError(f"Left behind: {', '.join(left)}.", hint=f"docker rm -f {left[0]}")
        return "nothing is left of it"

    def images(self) -> str:
        """Both images under their development tag."""
        wanted = build.Wanted(
            tag=TAG, registry=None, sbom=False, strict=False, out=Path("dist"), cache=True
        )
        build.run(self._console, wanted, assume_yes=self._assume_yes)
        made = {f"{name}:{TAG}": docker_client.image_id(f"{name}:{TAG}") for name in SERVICES}
        missing = [name for name, id_ in made.items() if id_ is None]
        if missing:
            raise KaldraError(f"Docker has no {', '.join(missing)}.", hint="./kaldra build")
        return ", ".join(f"{name} {str(id_)[7:19]}" for name, id_ in made.items())

    def _workspace(self) -> Workspace:
        if self._opened is None:
            raise KaldraError("Not tried: the configuration is not valid.")
        return self._opened

    def _deployed(self) -> Workspace:
        if not self._up:
            raise KaldraError("Not tried: the stack did not come up.")
        return self._workspace()


def _tried(number: int, title: str, attempt: Callable[[], str]) -> bool:
    try:
        found = attempt()
    except KaldraError as error:
        sys.stdout.write(f"✘ {number}. {title}: {error}\n")
        if error.hint:
            sys.stdout.write(f"     → {error.hint}\n")
        sys.stdout.flush()
        return False
    sys.stdout.write(f"✔ {number}. {title}: {found}\n")
    sys.stdout.flush()
    return True


def _env_file() -> str:
    """The `.env` that the stack was just read with. Raises KaldraError where there is none."""
    from kaldra import dotenv  # noqa: PLC0415  stacks on a cluster know nothing of it

    path = dotenv.path()
    if path != Path(os.devnull) and path.is_file():
        return path.name
    raise KaldraError(f"There is no {path}.", hint=f"cp {dotenv.EXAMPLE} .env")


def _running_containers(workspace: Workspace) -> str:
    found = []
    for name in containers.names(workspace):
        container = containers.look(name)
        health = containers.health(container) if container else "not there"
        if health != "healthy":
            raise KaldraError(
                f"Container {name} is {health}.", hint=f"./kaldra logs --stack {workspace.stack}"
            )
        found.append(f"{name} {health}")
    return ", ".join(found)


def _ready_pods(workspace: Workspace) -> str:
    selector = f"--selector=app.kubernetes.io/part-of={PART_OF}"
    pods = json.loads(kubectl.read(workspace, "get", "pods", selector, "--output=json"))["items"]
    ready = {name: sum(_is_ready(pod, name) for pod in pods) for name in SERVICES}
    missing = [name for name, count in ready.items() if not count]
    if missing:
        raise KaldraError(
            f"No pod of {', '.join(missing)} is ready.",
            hint=f"./kaldra logs --stack {workspace.stack}",
        )
    return ", ".join(f"{name} in {count} ready pods" for name, count in ready.items())


def _is_ready(pod: dict[str, Any], name: str) -> bool:
    conditions = pod["status"].get("conditions", [])
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
    return ready and pod["metadata"]["labels"].get("app.kubernetes.io/name") == name


def _left(workspace: Workspace) -> list[str]:
    """What still exists of a stack that was taken down."""
    settings = workspace.settings
    if settings.target != "local":
        listed = kubectl.read(workspace, "get", "namespaces", "--output=name").split()
        return [name for name in listed if name == f"namespace/{settings.namespace}"]
    network = docker_client.network(settings.namespace)
    left = [name for name in containers.names(workspace) if docker_client.container(name)]
    return [*left, *([f"network {settings.namespace}"] if network else [])]
