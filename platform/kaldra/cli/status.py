"""`./kaldra status`: what runs, from which image, whether it serves, and whether it drifted."""

import itertools
import json
import sys
from collections.abc import Mapping
from typing import Any

from kaldra.cli import check, containers, drift, kubectl, releases
from kaldra.cli.deploy import ready
from kaldra.cli.pulumi import Pulumi
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace, ensure_passphrase, environment, pulumi_program
from kaldra.errors import KaldraError
from kaldra.stack.services import PART_OF

DRIFTED = 3
"""Exit code where somebody else changed or deleted what was deployed."""

SHOWN_RELEASES = 3


def run(console: Console, *, stack: str) -> None:
    """Print what runs, its health, its release, and what differs from the state.

    Exits with 3 where somebody else changed or deleted objects, else with 1 when anything is not
    well. Nothing is changed, neither what runs nor the state.
    """
    workspace = Workspace.open(stack)
    pulumi = _pulumi(console, workspace)
    if workspace.settings.target == "local":
        well = containers.print_status(workspace)
    else:
        well = _deployments(workspace)
    if workspace.settings.target != "staging":
        well = _gateway(workspace.settings.url) and well
    _releases(workspace)
    drifted = _drift(console, pulumi)
    if not well:
        console.error("Not everything is well.", f"./kaldra logs --stack {stack}")
    if drifted:
        console.error(
            "What runs is not what was deployed.",
            f"./kaldra up --stack {stack} puts it back (./kaldra preview shows how)",
        )
    if drifted or not well:
        sys.exit(DRIFTED if drifted else 1)


def _pulumi(console: Console, workspace: Workspace) -> Pulumi:
    """Pulumi as it is here.

    Tools are provided for staging alone: it is looked at from machines that never deployed it.
    """
    if workspace.settings.target == "staging":
        return ready(console, workspace.stack, assume_yes=False)
    if not pulumi_program().exists() or not workspace.deployment().get("resources"):
        raise _not_deployed(workspace)
    ensure_passphrase(workspace)
    unused = {"KALDRA_BASE_IMAGE": "none", "KALDRA_BUILDER_IMAGE": "none"}
    return Pulumi(workspace, environment(workspace, unused), console)


def _not_deployed(workspace: Workspace) -> KaldraError:
    stack = workspace.stack
    return KaldraError(f"Stack {stack} is not deployed.", hint=f"./kaldra up --stack {stack}")


def _deployments(workspace: Workspace) -> bool:
    """One line per Deployment that the state has; whether all of them are well."""
    resources = workspace.deployment().get("resources") or []
    wanted = {_name(r) for r in resources if r["type"] == "kubernetes:apps/v1:Deployment"}
    selector = f"--selector=app.kubernetes.io/part-of={PART_OF}"
    answer = json.loads(kubectl.read(workspace, "get", "deployments", selector, "--output=json"))
    found: dict[str, dict[str, Any]] = {d["metadata"]["name"]: d for d in answer["items"]}
    if not wanted and not found:
        raise _not_deployed(workspace)
    well = [_deployment(name, found.get(name)) for name in sorted(wanted | found.keys())]
    return all(well)


def _name(resource: Mapping[str, Any]) -> str:
    return str(resource["outputs"]["metadata"]["name"])


def _releases(workspace: Workspace) -> None:
    """The last releases that worked: what serves, and what a rollback goes back to."""
    back = releases.previous(workspace)
    for release in itertools.islice(releases.working(workspace), SHOWN_RELEASES):
        images = "  ".join(f"{s} {d.rpartition(':')[2][:12]}" for s, d in release.digests.items())
        note = "  ← ./kaldra rollback" if release == back else ""
        sys.stdout.write(f"  release {release.title}  {images}{note}\n")


def _drift(console: Console, pulumi: Pulumi) -> bool:
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


def _deployment(name: str, item: Mapping[str, Any] | None) -> bool:
    if item is None:
        sys.stdout.write(f"✗ {name}  is gone\n")
        return False
    wanted = item["spec"].get("replicas", 1)
    serving = item.get("status", {}).get("readyReplicas", 0)
    updated = item.get("status", {}).get("updatedReplicas", 0)
    image = item["spec"]["template"]["spec"]["containers"][0]["image"]
    well = bool(serving == wanted == updated)
    mark = "✓" if well else "✗"
    sys.stdout.write(f"{mark} {name}  {serving}/{wanted} ready  {image}\n")
    return well


def _gateway(url: str) -> bool:
    try:
        answer = check.status(url)
    except OSError as error:
        sys.stdout.write(f"✗ {url}/status/  {error}\n")
        return False
    sys.stdout.write(f"✓ {url}/status/  {answer}\n")
    return True
