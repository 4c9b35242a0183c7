"""`./kaldra down`: remove the stack; with --all also its cluster and registry."""

from dataclasses import replace

from kaldra.cli import containers, metrics_server
from kaldra.cli.deploy import cluster_spec, deployed
from kaldra.cli.pulumi import Pulumi
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.cluster.kind import delete_cluster
from kaldra.errors import KaldraError
from kaldra.toolchain import docker_client, engine


def run(console: Console, *, stack: str, everything: bool, assume_yes: bool) -> None:
    """Destroy the stack's resources; idempotent."""
    del assume_yes  # nothing is asked
    workspace = Workspace.open(stack)
    alive = engine.engine_version() is not None
    if found := deployed(console, workspace):
        if found.resources:
            _able_to_destroy(found.pulumi, alive=alive).change("destroy")
        else:
            console.note(f"Stack {stack} has no resources.")
        if everything:
            found.pulumi.run("stack", "rm", stack, "--yes", "--preserve-config")
    else:
        console.note(f"Stack {stack} was never deployed, or is already removed.")
    if everything and alive:
        if workspace.settings.target == "dev":
            delete_cluster(cluster_spec(workspace), console)
            workspace.identities.unlink(missing_ok=True)
        engine.stop_engine(console)


def _able_to_destroy(pulumi: Pulumi, *, alive: bool) -> Pulumi:
    """Pulumi, configured to drop the resources of a deleted cluster from the state.

    Removes metrics-server from an existing cluster. Raises KaldraError if the Docker Engine of the
    stack is not running.
    """
    workspace = pulumi.workspace
    if workspace.settings.target == "local":
        containers.require_engine(workspace)
    if workspace.settings.target != "dev":
        return pulumi
    if not alive:
        raise KaldraError(
            "The Docker Engine of the dev cluster is not running.",
            hint="./kaldra up, then ./kaldra down again",
        )
    if docker_client.container(cluster_spec(workspace).node) is None:
        # The cluster is gone, and its objects with it: the provider drops them from the state.
        variables = {**pulumi.variables, "PULUMI_K8S_DELETE_UNREACHABLE": "true"}
        return replace(pulumi, variables=variables)
    metrics_server.remove(pulumi.console, workspace)
    return pulumi
