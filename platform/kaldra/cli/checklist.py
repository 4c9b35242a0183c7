"""`./kaldra checklist`: the seven points of the hand-off, without taking the stack down."""

import json
import os
import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from kaldra.cli import build, health, releases
from kaldra.cli.pulumi import Deployment, Pulumi
from kaldra.cli.status import deployed_or_fail
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.errors import KaldraError
from kaldra.stack.services import API, CORE
from kaldra.toolchain import engine

TAG = "dev"


def run(console: Console, *, stack: str, assume_yes: bool) -> None:
    """Print ✔ or ✘ and the fix for each point; exits 1 unless all hold."""
    points = Checklist(console, stack, assume_yes=assume_yes).points()
    held = [_holds(number, *point) for number, point in enumerate(points.items(), 1)]
    if not all(held):
        console.error("Not everything on the list holds.")
        sys.exit(1)


class Checklist:
    """The checks; each returns what it found, or raises KaldraError with the fix."""

    def __init__(self, console: Console, stack: str, *, assume_yes: bool) -> None:
        self._console = console
        self._stack = stack
        self._assume_yes = assume_yes

    def points(self) -> dict[str, Callable[[], str]]:
        """Point → its check, in the order of the hand-off."""
        return {
            "Docker answers and can build": _docker,
            "The configuration exists and is valid": self._configuration,
            f"./kaldra up --stack {self._stack} ended well": self._up,
            f"{CORE.name} and {API.name} run": self._running,
            "/status/ answers with status and version": self._answers,
            f"./kaldra down --stack {self._stack} would remove all of it": self._down,
            f"./kaldra build makes {CORE.name}:{TAG} and {API.name}:{TAG}": self._images,
        }

    @cached_property
    def _deployed(self) -> tuple[Pulumi, Deployment]:
        return deployed_or_fail(self._console, self._stack)

    def _configuration(self) -> str:
        """The stack's file; on Docker alone a `.env` as well."""
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
                f"/status/ answers {body}", hint=f"./kaldra logs --stack {self._stack}"
            )
        return body

    def _down(self) -> str:
        """Pulumi's own preview of it: every resource of the state can be read and removed.

        Providers do not count: Pulumi removes them with the last of their resources.
        """
        pulumi, deployed = self._deployed
        if deployed.pending:
            raise KaldraError(
                "A killed run left operations unfinished.",
                hint=f"./kaldra up --stack {self._stack}",
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
        wanted = build.Wanted(
            tag=TAG, registry=None, sbom=False, strict=False, out=Path("dist"), cache=True
        )
        build.run(self._console, wanted, assume_yes=self._assume_yes)
        return "built"


def _docker() -> str:
    """An engine that answers, and a client with BuildKit."""
    found = engine.check_engine()
    if found.problem:
        raise KaldraError(found.problem, hint=found.fix)
    return f"{found.version} at {found.where}"


def _env_file() -> str:
    """The `.env` that the stack was just read with. Raises KaldraError where there is none."""
    from kaldra.stack import dotenv  # noqa: PLC0415  stacks on a cluster do not read it

    path = dotenv.path()
    if path != Path(os.devnull) and path.is_file():
        return path.name
    raise KaldraError(f"There is no {path}.", hint=f"cp {dotenv.EXAMPLE} .env")


def _holds(number: int, title: str, check: Callable[[], str]) -> bool:
    try:
        found, error = check(), None
    except KaldraError as raised:
        found, error = str(raised), raised
    sys.stdout.write(f"{'✘' if error else '✔'} {number}. {title}: {found}\n")
    if error and error.hint:
        sys.stdout.write(f"     → {error.hint}\n")
    sys.stdout.flush()
    return error is None
