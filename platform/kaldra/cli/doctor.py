"""`./kaldra doctor`: what is here, where it comes from, what is wrong; with --fix repaired."""

import json
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from kaldra.cli import clean
from kaldra.cli.deploy import cluster_spec, deployed, ensure_cluster_and_registry, opened
from kaldra.cli.pulumi import is_pulumi
from kaldra.cli.ui import Console, confirm, of_this_stack, write_json
from kaldra.cli.workspace import Workspace
from kaldra.cluster import check, kind
from kaldra.errors import KaldraError
from kaldra.toolchain.inventory import Finding, Repair, collect
from kaldra.toolchain.prepare import prepare

ROUNDS = 4
"""Engine, cluster, lock, unfinished operations: each may hide the next."""


@dataclass(frozen=True)
class Report:
    """What `./kaldra doctor --json` prints."""

    stack: str
    findings: Sequence[Finding]


def run(
    console: Console, *, stack: str, as_json: bool, fix: bool = False, assume_yes: bool = False
) -> None:
    """Print one line for each thing; exits 1 when anything is wrong.

    Without `fix` nothing is changed. With it, what is wrong is repaired first: an engine that
    starts may show what else is wrong, so at most ROUNDS times.
    """
    workspace = Workspace.open(stack)
    findings = look(console, workspace)
    for _ in range(ROUNDS if fix else 0):
        if not repair(console, workspace, findings, assume_yes=assume_yes):
            break
        findings = look(console, workspace)
    if as_json:
        write_json(Report(stack, findings))
    else:
        sys.stdout.write("".join(f"{line}\n" for line in lines(findings)))
    wrong = [f.name for f in findings if f.problem]
    if wrong:
        fixable = any(f.repair for f in findings)
        hint = f"./kaldra doctor --fix --stack {stack}" if fixable and not fix else ""
        console.error(f"Not well: {', '.join(wrong)}.", hint)
        sys.exit(1)


def look(console: Console, workspace: Workspace) -> list[Finding]:
    """Check everything that the stack's target needs; changes nothing."""
    findings = collect(workspace.settings.target)
    if workspace.settings.target == "dev":
        findings += check.collect(cluster_spec(workspace))
    findings += [_state(workspace, console), _garbage(workspace, console)]
    return [replace(f, where=of_this_stack(f.where), fix=of_this_stack(f.fix)) for f in findings]


def lines(findings: Sequence[Finding]) -> list[str]:
    """The findings as aligned text, each problem with its fix beneath."""
    width = max(len(f.name) for f in findings)
    version = max(len(f.version) for f in findings)
    text = []
    for found in findings:
        mark, route = "✗" if found.problem else "✓", f" ({found.route})" if found.route else ""
        row = f"{mark} {found.name:<{width}}  {found.version:<{version}}  {found.where}{route}"
        text += [row.rstrip(), *(f"    {line}" for line in found.problem.splitlines())]
        if found.fix:
            text.append(f"    → {found.fix}")
    return text


def _garbage(workspace: Workspace, console: Console) -> Finding:
    """What `./kaldra clean` would remove."""
    try:
        found = clean.look(console, workspace, everything=False)
    except KaldraError:
        return Finding("garbage", where="unknown: the engine or the stack cannot be asked")
    return Finding("garbage", where=f"{clean.summary(found)} (./kaldra clean --dry-run)")


def _state(workspace: Workspace, console: Console) -> Finding:
    """The stack's state: whether it can be read and has no pending operations."""
    name, where = f"stack {workspace.stack}", workspace.backend
    up = f"./kaldra up --stack {workspace.stack}"
    try:
        found = deployed(console, workspace)
    except KaldraError as error:
        return Finding(name, where=where, problem=str(error), fix=error.hint)
    if found is None:
        return Finding(name, where="not deployed", fix=up)
    if pid := dead_lock(workspace):
        problem = f"A killed run (pid {pid}) left it locked."
        return Finding(name, where=where, problem=problem, fix=up, repair="lock")
    if found.pending:
        problem = "A killed run left operations unfinished."
        return Finding(name, where=where, problem=problem, fix=up, repair="pending")
    return Finding(name, where=where)


def dead_lock(workspace: Workspace) -> int | None:
    """Process that locked the stack and is gone; Pulumi has no command for locks in a folder."""
    if (root := workspace.backend_folder) is None:
        return None
    for file in (root / ".pulumi" / "locks").glob(f"*/*/{workspace.stack}/*.json"):
        try:
            lock = json.loads(file.read_text(encoding="utf-8"))
            pid, host = int(lock["pid"]), lock["hostname"]
        except (OSError, ValueError, KeyError):  # it has just been removed
            continue
        if host == socket.gethostname() and not is_pulumi(pid):
            return pid
    return None


def repair(
    console: Console, workspace: Workspace, findings: Sequence[Finding], *, assume_yes: bool
) -> bool:
    """Repair what can be repaired, each kind once; whether there was anything.

    Nothing is deployed. Asks before anything is removed. Raises KaldraError where a step fails.
    """
    target = workspace.settings.target
    steps: dict[Repair, Callable[[], object]] = {
        "tools": lambda: prepare(target, console, assume_yes=assume_yes),
        "cluster": lambda: _cluster(console, workspace, assume_yes=assume_yes),
        "lock": lambda: opened(console, workspace).unlock(),
        "pending": lambda: opened(console, workspace).settle(),
        "disk": lambda: _disk(console, workspace, assume_yes=assume_yes),
    }
    wanted = [name for name in steps if any(finding.repair == name for finding in findings)]
    for name in wanted:
        steps[name]()
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
    sys.stderr.write(clean.table(found))
    if found and not assume_yes:
        confirm("Remove all of it?", f"./kaldra clean --stack {workspace.stack}")
    clean.remove(console, workspace, found)
