"""`./kaldra down`: the stack away, and with --all what it stood on."""

from pathlib import Path

from kaldra.cli import containers, recovery
from kaldra.cli.pulumi import Pulumi
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace, ensure_passphrase, environment, pulumi_program
from kaldra.cluster.kind import delete_cluster, node_name
from kaldra.errors import KaldraError
from kaldra.toolchain import docker_client, engine


def run(console: Console, *, stack: str, everything: bool) -> None:
    """Destroy the stack's resources; absent ones are no error, and doing it twice is fine."""
    workspace = Workspace.open(stack)
    alive = engine.engine_version() is not None
    if workspace.may_exist:
        ensure_passphrase(workspace)
        _destroy(Pulumi(workspace, _variables(workspace), console), remove=everything)
    else:
        console.note(f"Stack {stack} was never brought up, or is gone.")
    if everything and workspace.settings.target == "dev" and alive:
        settings = workspace.settings
        delete_cluster(settings.cluster_name, Path(settings.kubeconfig_path), console)
        workspace.identities.unlink(missing_ok=True)
    if everything and alive:
        engine.stop_engine(console)


def _variables(workspace: Workspace) -> dict[str, str]:
    """The environment of a run that builds nothing.

    Raises KaldraError where what the stack runs in exists but does not run: it is still there.
    """
    unused = {"KALDRA_BASE_IMAGE": "none", "KALDRA_BUILDER_IMAGE": "none"}
    variables = environment(workspace, unused)
    settings = workspace.settings
    if settings.target == "local" and workspace.deployment().get("resources"):
        containers.require_engine(workspace)
    if settings.target != "dev":
        return variables
    if engine.engine_version() is None:
        raise KaldraError(
            "The Docker Engine that the dev cluster lives in is not running.",
            hint="./kaldra up, then ./kaldra down again",
        )
    if docker_client.container(node_name(settings.cluster_name)) is None:
        # The cluster is gone, and its objects with it: the provider drops them from the state.
        variables["PULUMI_K8S_DELETE_UNREACHABLE"] = "true"
    return variables


def _destroy(pulumi: Pulumi, *, remove: bool) -> None:
    stack = pulumi.workspace.stack
    recovery.clear(pulumi)
    if not pulumi_program().exists():
        pulumi.console.warn("Pulumi is not installed here; the stack's state is left as it is.")
        return
    pulumi.change(
        f"pulumi destroy · {stack}", "destroy", "--stack", stack, "--yes", "--skip-preview"
    )
    if remove:
        pulumi.run("stack", "rm", stack, "--yes", "--preserve-config")
