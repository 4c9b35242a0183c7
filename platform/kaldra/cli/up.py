"""`./kaldra up`: from whatever is there to an answer at /status/."""

from kaldra.cli import containers, diagnosis, reach, recovery, releases
from kaldra.cli.check import wait_for_status
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
    settings = pulumi.workspace.settings
    if settings.target == "staging":
        reach.require_cluster(pulumi.workspace)
    if settings.target == "local":
        containers.tell_given(console)
        containers.require_port(pulumi.workspace)
    pulumi.ensure_stack()
    deploy(pulumi, ground)
    ask(pulumi)


def ask(pulumi: Pulumi) -> None:
    """Wait for the gateway's answer and show it."""
    settings, console = pulumi.workspace.settings, pulumi.console
    if settings.target == "staging":
        reach.wait_for_pods(pulumi.workspace, console)
        answer = reach.ask_gateway(pulumi.workspace, console)
    else:
        answer = wait_for_status(settings.url, console)
    console.note(f"{settings.url}/status/ → {answer}")


def deploy(pulumi: Pulumi, ground: Ground | None, *options: str, message: str = "") -> None:
    """Run `pulumi up`, first making the state agree with a cluster or registry made anew."""
    arguments = ["up", "--stack", pulumi.workspace.stack, "--yes", "--skip-preview"]
    if pulumi.workspace.remote:
        message = releases.message(pulumi.workspace, message)
    arguments += [*options, *([f"--message={message}"] if message else [])]
    pending = recovery.clear(pulumi)
    if pending:
        pulumi.console.note("A killed run left operations unfinished; looking at what they did.")
        recovery.settle(pulumi)
    last = last_ground(pulumi.workspace)
    if ground is not None:
        arguments += _anew(pulumi, last, ground)
    # Also repairs what was changed or deleted outside of Pulumi. The program names the providers:
    # those in the state may have another version, or a kubeconfig that has moved.
    arguments += ["--refresh", "--run-program"]
    try:
        pulumi.change(f"pulumi up · {pulumi.workspace.stack}", *arguments)
    except KaldraError:
        if reasons := diagnosis.explain(pulumi.workspace):
            pulumi.console.raw(reasons)
        raise
    if ground is not None:
        remember_ground(pulumi.workspace, ground)


def _anew(pulumi: Pulumi, last: Ground | None, ground: Ground) -> list[str]:
    """Options that rebuild what went away with an old cluster or an old registry."""
    if last == ground or not pulumi.workspace.deployment().get("resources"):
        return []
    # Before options are made: none may name what the state has meanwhile forgotten.
    pulumi.console.note("The cluster or its registry is a new one; looking at what is in it.")
    recovery.settle(pulumi)
    if last is not None and last.registry == ground.registry:
        return []
    left = pulumi.workspace.deployment().get("resources") or []
    return [f"--replace={r['urn']}" for r in left if r.get("type") == IMAGE_TYPE]
