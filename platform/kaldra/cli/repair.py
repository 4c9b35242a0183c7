"""What `./kaldra doctor --fix` does: the steps of `up` that repair something, and no deployment."""

import sys
from collections.abc import Callable, Sequence

from kaldra.cli import clean
from kaldra.cli.deploy import cluster_spec, ensure_cluster_and_registry, opened
from kaldra.cli.ui import Console, confirm
from kaldra.cli.workspace import Workspace
from kaldra.cluster import kind
from kaldra.toolchain.findings import Finding, Repair
from kaldra.toolchain.prepare import prepare


def repair(
    console: Console, workspace: Workspace, findings: Sequence[Finding], *, assume_yes: bool
) -> bool:
    """Repair what can be repaired, each kind once; whether there was anything.

    Asks before anything is removed. Raises KaldraError where a step fails.
    """
    wanted = {finding.repair for finding in findings if finding.repair}
    steps: dict[Repair, Callable[[], object]] = {
        "tools": lambda: prepare(workspace.settings.target, console, assume_yes=assume_yes),
        "cluster": lambda: _cluster(console, workspace, assume_yes=assume_yes),
        "lock": lambda: opened(console, workspace).unlock(),
        "pending": lambda: opened(console, workspace).settle(),
        "disk": lambda: _disk(console, workspace, assume_yes=assume_yes),
    }
    for name, step in steps.items():
        if name in wanted:
            step()
    return bool(wanted)


def _cluster(console: Console, workspace: Workspace, *, assume_yes: bool) -> None:
    """Start node and registry, and write the kubeconfig."""
    name = workspace.settings.cluster_name
    if not (kind.is_complete(cluster_spec(workspace)) or assume_yes):
        confirm(
            f"Creating cluster {name} was interrupted. Remove its node and create it again?",
            f"./kaldra doctor --fix --stack {workspace.stack} --yes",
        )
    prepared = prepare(workspace.settings.target, console, assume_yes=assume_yes)
    images = prepared.node_image or "", prepared.registry_image or ""
    ensure_cluster_and_registry(console, cluster_spec(workspace, *images))


def _disk(console: Console, workspace: Workspace, *, assume_yes: bool) -> None:
    found = clean.look(console, workspace, everything=False)
    sys.stderr.write("".join(f"{line}\n" for line in clean.table(found)))
    if found and not assume_yes:
        confirm("Remove all of it?", f"./kaldra clean --stack {workspace.stack}")
    clean.remove(console, workspace, found)
