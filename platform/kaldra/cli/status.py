"""`./kaldra status`: workloads, images, health, releases and drift."""

import itertools
import sys
from collections.abc import Sequence

from kaldra.cli import drift, health, releases
from kaldra.cli.deploy import opened, ready
from kaldra.cli.pulumi import Deployment, Pulumi
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace, pulumi_program
from kaldra.errors import KaldraError

DRIFTED = 3
"""Exit code if objects were changed or deleted outside Pulumi."""

SHOWN_RELEASES = 3


def run(console: Console, *, stack: str) -> None:
    """Print workloads, health, releases, and differences from the state.

    Exits with 3 on drift, else with 1 if a component is unhealthy. Changes neither live objects nor
    the state.
    """
    pulumi, deployed = deployed_or_fail(console, stack)
    found = health.workloads(pulumi.workspace)
    well = _print_health(console, pulumi.workspace, found)
    _print_releases(pulumi, deployed)
    drifted = _print_drift(console, pulumi)
    if drifted:
        console.error(
            "Live objects differ from the last deployment.",
            f"./kaldra up --stack {stack}  (./kaldra preview shows what it would change)",
        )
    elif not well:
        verb = "logs" if all(workload.exists for workload in found) else "up"
        console.error("Some components are unhealthy.", f"./kaldra {verb} --stack {stack}")
    if drifted or not well:
        sys.exit(DRIFTED if drifted else 1)


def deployed_or_fail(console: Console, stack: str) -> tuple[Pulumi, Deployment]:
    """Pulumi and the deployed state. Raises KaldraError if nothing is deployed.

    Tools are installed for staging only, which is checked from machines that never deployed it.
    """
    workspace = Workspace.open(stack)
    if workspace.settings.target == "staging":
        pulumi = ready(console, stack, assume_yes=False)
    elif pulumi_program().exists():
        pulumi = opened(console, workspace)
    else:
        raise _not_deployed(stack)
    deployed = pulumi.deployment()
    if deployed is None or not deployed.resources:
        raise _not_deployed(stack)
    return pulumi, deployed


def _not_deployed(stack: str) -> KaldraError:
    return KaldraError(f"Stack {stack} is not deployed.", hint=f"./kaldra up --stack {stack}")


def _print_health(console: Console, workspace: Workspace, found: Sequence[health.Workload]) -> bool:
    """Print one line per service and the gateway's response; return whether all are healthy."""
    for workload in found:
        sys.stdout.write(f"{workload}\n")
    try:
        answer = health.ask_gateway(workspace, console, seconds=0)
    except KaldraError as error:
        sys.stdout.write(f"✗ {error}\n")
        return False
    sys.stdout.write(f"✓ {workspace.settings.url}/status/  {answer}\n")
    return all(workload.well for workload in found)


def _print_releases(pulumi: Pulumi, deployed: Deployment) -> None:
    """Print the latest working releases, and mark the target of a rollback."""
    updates = releases.updates(pulumi, deployed)
    back = releases.previous(updates)
    for release in itertools.islice(releases.working(updates), SHOWN_RELEASES):
        images = "  ".join(f"{s} {d.rpartition(':')[2][:12]}" for s, d in release.digests.items())
        note = "  ← ./kaldra rollback" if release == back else ""
        sys.stdout.write(f"  release {release.title}  {images}{note}\n")


def _print_drift(console: Console, pulumi: Pulumi) -> bool:
    """Print each object that differs from the state; return whether there is one."""
    with console.step("check for drift") as step:
        found = drift.look(pulumi)
        step.done("none" if not found else f"{len(found)} found")
    for one in found:
        sys.stdout.write(f"✗ {one.name} was {one.what} since it was deployed\n")
        for field in one.fields:
            sys.stdout.write(f"    {field}\n")
    if not found:
        sys.stdout.write("✓ no drift\n")
    return bool(found)
