"""`./kaldra checklist`: the seven checks of the hand-off, without removing the stack."""

import json
import os
import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from kaldra.cli import build, health, releases
from kaldra.cli.pulumi import Deployment, Pulumi
from kaldra.cli.status import deployed_or_fail
from kaldra.cli.ui import Console, of_this_stack
from kaldra.cli.workspace import Workspace
from kaldra.errors import KaldraError
from kaldra.stack.services import API, CORE
from kaldra.toolchain import inventory

TAG = "dev"


def run(console: Console, *, stack: str, assume_yes: bool) -> None:
    """Print ✔, or ✘ with the fix, for each check; exit 1 unless all pass."""
    points = Checklist(console, stack, assume_yes=assume_yes).points()
    held = [_holds(number, *point) for number, point in enumerate(points.items(), 1)]
    if not all(held):
        console.error("Some checks failed.")
        sys.exit(1)


class Checklist:
    """The checks; each returns what it found, or raises KaldraError with the fix."""

    def __init__(self, console: Console, stack: str, *, assume_yes: bool) -> None:
        self._console = console
        self._stack = stack
        self._assume_yes = assume_yes

    def points(self) -> dict[str, Callable[[], str]]:
        """Title → check, in the order of the hand-off."""
        return {
            "Docker responds and can build images": _docker,
            "The configuration exists and is valid": self._configuration,
            f"./kaldra up --stack {self._stack} succeeded": self._up,
            f"{CORE.name} and {API.name} are running": self._running,
            "/status/ returns status and version": self._answers,
            f"./kaldra down --stack {self._stack} would remove all resources": self._down,
            f"./kaldra build builds {CORE.name}:{TAG} and {API.name}:{TAG}": self._images,
        }

    @cached_property
    def _deployed(self) -> tuple[Pulumi, Deployment]:
        return deployed_or_fail(self._console, self._stack)

    def _configuration(self) -> str:
        """The stack file; on the `local` target also `.env`."""
        workspace = Workspace.open(self._stack)
        file = f"Pulumi.{self._stack}.yaml"
        return f"{file}, {_env_file()}" if workspace.settings.target == "local" else file

    def _up(self) -> str:
        last = next(iter(releases.updates(*self._deployed)), None)
        if last is None or not last.succeeded:
            raise KaldraError("The last one failed.", hint=f"./kaldra up --stack {self._stack}")
        return f"release {last.title}"

    def _running(self) -> str:
        found = health.workloads(self._deployed[0].workspace)
        for workload in found:
            if not workload.well:
                raise KaldraError(str(workload)[2:], hint=f"./kaldra logs --stack {self._stack}")
        return ", ".join(f"{w.name} {w.ready}/{w.wanted} ready" for w in found)

    def _answers(self) -> str:
        body = health.ask_gateway(self._deployed[0].workspace, self._console, seconds=0)
        if not {"status", "version"} <= json.loads(body).keys():
            raise KaldraError(
                f"/status/ returned {body}", hint=f"./kaldra logs --stack {self._stack}"
            )
        return body

    def _down(self) -> str:
        """Pulumi's preview: every resource of the state can be read and removed.

        Providers do not count: Pulumi removes them with the last of their resources.
        """
        pulumi, deployed = self._deployed
        if deployed.pending:
            raise KaldraError(
                "A killed run left pending operations.", hint=f"./kaldra up --stack {self._stack}"
            )
        previewed = pulumi.read("destroy", "--preview-only", "--json", "--stack", self._stack)
        removed = previewed["changeSummary"].get("delete", 0)
        wanted = [r for r in deployed.resources if not r["type"].startswith("pulumi:providers:")]
        if removed < len(wanted):
            raise KaldraError(
                f"It would remove {removed} of {len(wanted)} resources.",
                hint=f"./kaldra status --stack {self._stack}",
            )
        return f"{removed} resources"

    def _images(self) -> str:
        build.run(self._console, tag=TAG, assume_yes=self._assume_yes)
        return "built"


def _docker() -> str:
    """A running engine, and a client with BuildKit."""
    found = inventory.check_engine()
    if found.problem:
        raise KaldraError(found.problem, hint=found.fix)
    return f"{found.version} at {found.where}"


def _env_file() -> str:
    """The `.env` that the stack was read with. Raises KaldraError if it does not exist."""
    from kaldra.stack import dotenv  # noqa: PLC0415  stacks on a cluster do not read it

    path = dotenv.path()
    if path != Path(os.devnull) and path.is_file():
        return path.name
    raise KaldraError(f"{path} does not exist.", hint=f"cp {dotenv.EXAMPLE} .env")


def _holds(number: int, title: str, check: Callable[[], str]) -> bool:
    try:
        found, error = check(), None
    except KaldraError as raised:
        found, error = str(raised), raised
    sys.stdout.write(f"{'✘' if error else '✔'} {number}. {title}: {found}\n")
    if error and error.hint:
        sys.stdout.write(f"     → {of_this_stack(error.hint)}\n")
    sys.stdout.flush()
    return error is None
