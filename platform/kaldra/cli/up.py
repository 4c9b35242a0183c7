"""`./kaldra up`: install, deploy, and wait until /status/ responds."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from kaldra.cli import clean, containers, dev, diagnosis, health, policy, releases
from kaldra.cli.deploy import ready
from kaldra.cli.pulumi import Pulumi
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.errors import KaldraError
from kaldra.toolchain.files import sharing

IMAGE_TYPE = "docker:index/image:Image"


def run(console: Console, *, stack: str, assume_yes: bool) -> None:
    """Provide tools and cluster, deploy, and wait for the gateway's status."""
    policy.require(console, stack)
    with sharing(clean.LOCK):
        pulumi = ready(console, stack, assume_yes=assume_yes, with_cluster=True)
        require_target(pulumi)
        deploy(pulumi)
        dev.restore(pulumi.workspace, console)
        ask(pulumi)
    clean.after_up(console, pulumi.workspace)


def require_target(pulumi: Pulumi) -> None:
    """Raise if the stack's cluster, or the port of its gateway, cannot be used."""
    workspace = pulumi.workspace
    if workspace.settings.target == "staging":
        health.require_cluster(workspace)
    if workspace.settings.target == "local":
        containers.tell_given(pulumi.console)
        containers.require_port(workspace)


def deploy(pulumi: Pulumi, *options: str, about: str = "") -> None:
    """Run `pulumi up` with a refresh, which also repairs drift."""
    deployed = pulumi.ensure_stack()
    if deployed.pending:
        pulumi.console.note("A killed run left pending operations; refreshing the state.")
        pulumi.settle()
    replaced = _lost_images(pulumi) if pulumi.cluster and deployed.resources else []
    message = releases.message(deployed.images, about)
    with _explained(pulumi):
        pulumi.change("up", "--refresh", f"--message={message}", *replaced, *options)
    if pulumi.cluster:
        text = json.dumps(pulumi.cluster)
        pulumi.workspace.identities.write_text(text, encoding="utf-8")


def last_cluster(workspace: Workspace) -> dict[str, str]:
    """What identified cluster and registry in the last deployment; empty where that is unknown."""
    try:
        found: dict[str, str] = json.loads(workspace.identities.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def ask(pulumi: Pulumi) -> None:
    """Wait until everything is ready; print the gateway's response."""
    with _explained(pulumi):
        answer = health.wait(pulumi.workspace, pulumi.console)
    pulumi.console.note(f"{pulumi.workspace.settings.url}/status/ → {answer}")


@contextmanager
def _explained(pulumi: Pulumi) -> Iterator[None]:
    """Show what Kubernetes knows of the pods if the block fails."""
    try:
        yield
    except KaldraError:
        if reasons := diagnosis.explain(pulumi.workspace):
            pulumi.console.raw(reasons)
        raise


def _lost_images(pulumi: Pulumi) -> list[str]:
    """Options that rebuild images that were lost with a deleted registry."""
    if last_cluster(pulumi.workspace).get("registry") == pulumi.cluster["registry"]:
        return []
    # First, so that no option names a resource that the refresh removes from the state.
    pulumi.console.note("The registry was recreated; its images are rebuilt.")
    pulumi.settle()
    left = pulumi.ensure_stack().resources
    return [f"--replace={r['urn']}" for r in left if r.get("type") == IMAGE_TYPE]
