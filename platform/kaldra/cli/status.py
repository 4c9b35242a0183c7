"""`./kaldra status`: what runs, from which image, whether it serves, and whether it drifted."""

import itertools
import sys
from collections.abc import Sequence

from kaldra.cli import dev, drift, health, releases
from kaldra.cli.deploy import opened, ready
from kaldra.cli.pulumi import Deployment, Pulumi
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace, pulumi_program
from kaldra.errors import KaldraError

DRIFTED = 3
"""Exit code where somebody else changed or deleted what was deployed."""

SHOWN_RELEASES = 3


def run(console: Console, *, stack: str) -> None:
    """Print what runs, its health, its release, and what differs from the state.

    Exits with 3 where somebody else changed or deleted objects, else with 1 when anything is not
    well. Nothing is changed, neither what runs nor the state.
    """
    pulumi, deployed = deployed_or_fail(console, stack)
    found = health.workloads(pulumi.workspace)
    well = _print_health(console, pulumi.workspace, found)
    _print_live(console, pulumi.workspace)
    _print_releases(pulumi, deployed)
    drifted = _print_drift(console, pulumi)
    if drifted:
        console.error(
            "What runs is not what was deployed.",
            f"./kaldra up --stack {stack} puts it back (./kaldra preview shows how)",
        )
    elif not well:
        verb = "logs" if all(workload.exists for workload in found) else "up"
        console.error("Not everything is well.", f"./kaldra {verb} --stack {stack}")
    if drifted or not well:
        sys.exit(DRIFTED if drifted else 1)


def deployed_or_fail(console: Console, stack: str) -> tuple[Pulumi, Deployment]:
    """Pulumi as it is here, and what is deployed. Raises KaldraError where nothing is.

    Tools are provided for staging alone: it is looked at from machines that never deployed it.
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
    """One line per service, and the gateway's answer; whether all is well."""
    for workload in found:
        sys.stdout.write(f"{workload}\n")
    try:
        answer = health.ask_gateway(workspace, console, seconds=0)
    except KaldraError as error:
        sys.stdout.write(f"✗ {error}\n")
        return False
    sys.stdout.write(f"✓ {workspace.settings.url}/status/  {answer}\n")
    return all(workload.well for workload in found)


def _print_live(console: Console, workspace: Workspace) -> None:
    """One line for each pod or container that serves other code than its image's."""
    if not workspace.settings.takes_live_code:
        return
    fleet = dev.Fleet(workspace, console)
    try:
        fleet.refresh(write=False)
        for name, paths in sorted(fleet.differing().items()):
            files = "1 file differs" if len(paths) == 1 else f"{len(paths)} files differ"
            sys.stdout.write(f"! {name} LIVE: {files} from the image ({', '.join(paths[:3])})\n")
    finally:
        fleet.close()


def _print_releases(pulumi: Pulumi, deployed: Deployment) -> None:
    """The last releases that worked: what serves, and what a rollback goes back to."""
    updates = releases.updates(pulumi, deployed)
    back = releases.previous(updates)
    for release in itertools.islice(releases.working(updates), SHOWN_RELEASES):
        images = "  ".join(f"{s} {d.rpartition(':')[2][:12]}" for s, d in release.digests.items())
        note = "  ← ./kaldra rollback" if release == back else ""
        sys.stdout.write(f"  release {release.title}  {images}{note}\n")


def _print_drift(console: Console, pulumi: Pulumi) -> bool:
    """Print each object that is not as the state says; whether there is one."""
    with console.step("look for drift") as step:
        found = drift.look(pulumi)
        step.done("none" if not found else f"{len(found)} found")
    for one in found:
        sys.stdout.write(f"✗ {one.name} was {one.what} since it was deployed\n")
        for field in one.fields:
            sys.stdout.write(f"    {field}\n")
    if not found:
        sys.stdout.write("✓ no drift: everything is as it was deployed\n")
    return bool(found)
