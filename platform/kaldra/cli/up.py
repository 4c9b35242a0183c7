"""`./kaldra up`: from whatever there is to an answer at /status/."""

from kaldra.cli import containers, dev, diagnosis, health, releases
from kaldra.cli.deploy import (
    Ground,
    last_ground,
    ready_on_ground,
    remember_ground,
    require_secrets,
)
from kaldra.cli.pulumi import Pulumi
from kaldra.cli.ui import Console
from kaldra.errors import KaldraError

IMAGE_TYPE = "docker:index/image:Image"


def run(console: Console, *, stack: str, assume_yes: bool) -> None:
    """Provide tools and cluster, deploy, and end by asking the gateway for its status."""
    require_secrets(stack)
    pulumi, ground = ready_on_ground(console, stack, assume_yes=assume_yes)
    require_target(pulumi)
    deploy(pulumi, ground)
    dev.restore(pulumi.workspace, console)
    ask(pulumi)


def require_target(pulumi: Pulumi) -> None:
    """Raise where the stack's cluster, or the port of its gateway, cannot be used."""
    workspace = pulumi.workspace
    if workspace.settings.target == "staging":
        health.require_cluster(workspace)
    if workspace.settings.target == "local":
        containers.tell_given(pulumi.console)
        containers.require_port(workspace)


def deploy(pulumi: Pulumi, ground: Ground | None, *options: str, about: str = "") -> None:
    """Run `pulumi up`; what was changed or deleted behind Pulumi's back is put right as well."""
    deployed = pulumi.ensure_stack()
    if deployed.pending:
        pulumi.console.note("A killed run left operations unfinished; reading what they did.")
        pulumi.settle()
    replaced = _lost_images(pulumi, ground) if ground and deployed.resources else []
    message = releases.message(deployed.images, about)
    try:
        pulumi.change("up", "--refresh", f"--message={message}", *replaced, *options)
    except KaldraError:
        if reasons := diagnosis.explain(pulumi.workspace):
            pulumi.console.raw(reasons)
        raise
    if ground is not None:
        remember_ground(pulumi.workspace, ground)


def ask(pulumi: Pulumi) -> None:
    """Wait until everything is ready; show the gateway's answer."""
    answer = health.wait(pulumi.workspace, pulumi.console)
    pulumi.console.note(f"{pulumi.workspace.settings.url}/status/ → {answer}")


def _lost_images(pulumi: Pulumi, ground: Ground) -> list[str]:
    """Options that build again what went away with an old registry."""
    last = last_ground(pulumi.workspace)
    if last is not None and last.registry == ground.registry:
        return []
    # Before options are made: none may name what the state has meanwhile forgotten.
    pulumi.console.note("The registry is a new one; its images are built again.")
    pulumi.settle()
    left = pulumi.ensure_stack().resources
    return [f"--replace={r['urn']}" for r in left if r.get("type") == IMAGE_TYPE]
