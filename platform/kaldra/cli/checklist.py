"""`./kaldra checklist`: the seven checks of the hand-off, without removing the stack."""

import json
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from kaldra.cli import build, health, releases
from kaldra.cli.deploy import deployed_or_fail
from kaldra.cli.pulumi import Deployment
from kaldra.cli.ui import Console, of_this_stack
from kaldra.cli.workspace import Workspace
from kaldra.errors import KaldraError
from kaldra.stack.services import API, CORE
from kaldra.toolchain import inventory

TAG = "dev"


def run(console: Console, *, stack: str, assume_yes: bool) -> None:
    """Print ✔, or ✘ with the fix, for each check; exit 1 unless all pass."""

    @cache
    def deployed() -> Deployment:
        return deployed_or_fail(console, stack)

    def images() -> str:
        build.run(console, tag=TAG, assume_yes=assume_yes)
        return "built"

    # Each returns what it found, or raises KaldraError with the fix.
    points: dict[str, Callable[[], str]] = {
        "Docker responds and can build images": _docker,
        "The configuration exists and is valid": lambda: _configuration(stack),
        f"./kaldra up --stack {stack} succeeded": lambda: _up(deployed()),
        f"{CORE.name} and {API.name} are running": lambda: _running(deployed()),
        "/status/ returns status and version": lambda: _answers(deployed()),
        f"./kaldra down --stack {stack} would remove all resources": lambda: _down(deployed()),
        f"./kaldra build builds {CORE.name}:{TAG} and {API.name}:{TAG}": images,
    }
    held = [_holds(number, *point) for number, point in enumerate(points.items(), 1)]
    if not all(held):
        console.error("Some checks failed.")
        sys.exit(1)


def _docker() -> str:
    """A running engine, and a client with BuildKit."""
    found = inventory.check_engine()
    if found.problem:
        raise KaldraError(found.problem, hint=found.fix)
    return f"{found.version} at {found.where}"


def _configuration(stack: str) -> str:
    """The stack file; on the `local` target also the `.env` that it was read with."""
    file = f"Pulumi.{stack}.yaml"
    if Workspace.open(stack).settings.target != "local":
        return file
    from kaldra.stack import dotenv  # noqa: PLC0415  stacks on a cluster do not read it

    path = dotenv.path()
    if path != Path(os.devnull) and path.is_file():
        return f"{file}, {path.name}"
    raise KaldraError(f"{path} does not exist.", hint=f"cp {dotenv.EXAMPLE} .env")


def _up(deployed: Deployment) -> str:
    last = next(iter(releases.updates(deployed)), None)
    if last is None or not last.succeeded:
        raise _fault("The last one failed.", "up", deployed)
    return f"release {last.title}"


def _running(deployed: Deployment) -> str:
    found = health.workloads(deployed.pulumi.workspace)
    for workload in found:
        if not workload.well:
            raise _fault(str(workload)[2:], "logs", deployed)
    return ", ".join(f"{w.name} {w.ready}/{w.wanted} ready" for w in found)


def _answers(deployed: Deployment) -> str:
    pulumi = deployed.pulumi
    body = health.ask_gateway(pulumi.workspace, pulumi.console, seconds=0)
    if not {"status", "version"} <= json.loads(body).keys():
        raise _fault(f"/status/ returned {body}", "logs", deployed)
    return body


def _down(deployed: Deployment) -> str:
    """Pulumi's preview: every resource of the state can be read and removed.

    Providers do not count: Pulumi removes them with the last of their resources.
    """
    if deployed.pending:
        raise _fault("A killed run left pending operations.", "up", deployed)
    previewed = deployed.pulumi.read("destroy", "--preview-only", "--json")
    removed = previewed["changeSummary"].get("delete", 0)
    wanted = [r for r in deployed.resources if not r["type"].startswith("pulumi:providers:")]
    if removed < len(wanted):
        said = f"It would remove {removed} of {len(wanted)} resources."
        raise _fault(said, "status", deployed)
    return f"{removed} resources"


def _fault(message: str, verb: str, deployed: Deployment) -> KaldraError:
    return KaldraError(message, hint=f"./kaldra {verb} --stack {deployed.pulumi.workspace.stack}")


def _holds(number: int, title: str, check: Callable[[], str]) -> bool:
    hint = ""
    try:
        mark, found = "✔", check()
    except KaldraError as error:
        mark, found, hint = "✘", str(error), error.hint
    sys.stdout.write(f"{mark} {number}. {title}: {found}\n")
    if hint:
        sys.stdout.write(f"     → {of_this_stack(hint)}\n")
    sys.stdout.flush()
    return mark == "✔"
