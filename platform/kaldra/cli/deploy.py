"""Common steps of the verbs that call Pulumi: tools, cluster, and Pulumi ready to run."""

import gc
import importlib
import threading
from dataclasses import replace
from pathlib import Path

from kaldra.cli import metrics_server
from kaldra.cli.pulumi import Deployment, Pulumi
from kaldra.cli.takeover import take_over
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace, environment, prepare_state, pulumi_program
from kaldra.cluster.kind import ensure_cluster
from kaldra.cluster.registry import ensure_registry
from kaldra.cluster.spec import ClusterSpec
from kaldra.errors import KaldraError
from kaldra.toolchain.prepare import Prepared, prepare


def ready(console: Console, stack: str, *, assume_yes: bool, with_cluster: bool = False) -> Pulumi:
    """Validate the settings, install the tools, open the workspace.

    With `with_cluster` also start cluster and registry of a dev stack, as soon as possible, and
    begin to import what the program imports.
    """
    workspace = Workspace.open(stack)
    prepare_state(workspace)
    if with_cluster:
        import_program(workspace)
    identities: dict[str, str] = {}

    def create(*images: str) -> None:
        identities.update(ensure_cluster_and_registry(console, cluster_spec(workspace, *images)))

    target = workspace.settings.target
    meanwhile = create if with_cluster else None
    prepared = prepare(target, console, assume_yes=assume_yes, meanwhile=meanwhile)
    if identities:
        metrics_server.ensure(console, workspace)
    return replace(opened(console, workspace, prepared), cluster=identities)


def opened(console: Console, workspace: Workspace, prepared: Prepared | None = None) -> Pulumi:
    """Pulumi for the stack; without `prepared` images for verbs that build nothing."""
    prepare_state(workspace)
    images = (prepared.base_image, prepared.builder_image) if prepared else ()
    pulumi = Pulumi(workspace, environment(workspace, *images), console)
    take_over(pulumi)
    return pulumi


def deployed(console: Console, workspace: Workspace) -> Deployment | None:
    """What is deployed; None where this clone knows of no such stack."""
    return opened(console, workspace).deployment() if pulumi_program().exists() else None


def deployed_or_fail(console: Console, stack: str) -> Deployment:
    """What is deployed. Raises KaldraError if nothing is.

    Tools are installed for staging only, which is checked from machines that never deployed it.
    """
    workspace = Workspace.open(stack)
    if workspace.settings.target == "staging":
        found = ready(console, stack, assume_yes=False).deployment()
    else:
        found = deployed(console, workspace)
    if not (found and found.resources):
        raise KaldraError(f"Stack {stack} is not deployed.", hint=f"./kaldra up --stack {stack}")
    return found


def import_program(workspace: Workspace) -> None:
    """Begin to import what the program imports, in the background: it takes a second."""
    gc.disable()  # as the program itself does
    target = "local" if workspace.settings.target == "local" else "kubernetes"
    modules = ("kaldra.cli.program", "kaldra.stack.images", f"kaldra.stack.{target}")
    threading.Thread(target=lambda: [*map(importlib.import_module, modules)], daemon=True).start()


def cluster_spec(
    workspace: Workspace, node_image: str = "", registry_image: str = ""
) -> ClusterSpec:
    """The dev cluster of the stack's settings; images are needed only to create it."""
    settings = workspace.settings
    return ClusterSpec(
        name=settings.cluster_name,
        api_port=settings.api_port,
        registry_port=settings.registry_port,
        kubeconfig=Path(settings.kubeconfig_path),
        node_image=node_image,
        registry_image=registry_image,
    )


def ensure_cluster_and_registry(console: Console, spec: ClusterSpec) -> dict[str, str]:
    """Start the dev cluster and its registry, fast if both run; returns what identifies them."""
    registry = ensure_registry(spec, console)
    return {"cluster": ensure_cluster(spec, console), "registry": registry}
