"""Common steps of `up`, `preview` and `env`: tools, cluster, and Pulumi ready to run."""

import gc
import importlib
import json
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

from kaldra.cli import metrics_server
from kaldra.cli.pulumi import Pulumi
from kaldra.cli.takeover import take_over
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace, environment, prepare_state
from kaldra.cluster.kind import ensure_cluster
from kaldra.cluster.registry import ensure_registry
from kaldra.cluster.spec import ClusterSpec
from kaldra.paths import REPO
from kaldra.stack.settings import settings_of_stack_file
from kaldra.toolchain.prepare import Prepared, prepare


@dataclass(frozen=True)
class ClusterIdentity:
    """Identities of the cluster and registry of a dev stack; each changes on recreation."""

    cluster: str
    registry: str


def ready(console: Console, stack: str, *, assume_yes: bool) -> Pulumi:
    """Validate the settings, install the tools, open the workspace; no cluster is changed."""
    workspace = _checked(stack)
    prepared = prepare(workspace.settings.target, console, assume_yes=assume_yes)
    return opened(console, workspace, prepared)


def ready_with_cluster(
    console: Console, stack: str, *, assume_yes: bool
) -> tuple[Pulumi, ClusterIdentity | None]:
    """Like `ready`; on dev also start cluster and registry as soon as possible."""
    workspace = _checked(stack)
    import_program(workspace)
    made: list[ClusterIdentity] = []

    def create(*images: str) -> None:
        made.append(ensure_cluster_and_registry(console, cluster_spec(workspace, *images)))

    target = workspace.settings.target
    prepared = prepare(target, console, assume_yes=assume_yes, meanwhile=create)
    if made:
        metrics_server.ensure(console, workspace)
    return opened(console, workspace, prepared), made[0] if made else None


def require_secrets(stack: str) -> None:
    """Raise ConfigurationError if a required setting is missing, before tools are installed."""
    Workspace.open(stack)
    settings_of_stack_file(stack, REPO, complete=True)


def opened(console: Console, workspace: Workspace, prepared: Prepared | None = None) -> Pulumi:
    """Pulumi for the stack; without `prepared` images for verbs that build nothing."""
    prepare_state(workspace)
    images = {
        "KALDRA_BASE_IMAGE": prepared.base_image if prepared else "none",
        "KALDRA_BUILDER_IMAGE": prepared.builder_image if prepared else "none",
    }
    pulumi = Pulumi(workspace, environment(workspace, images), console)
    take_over(pulumi)
    return pulumi


def import_program(workspace: Workspace) -> None:
    """Begin to import what the program imports, in the background: it takes a second."""
    gc.disable()  # as the program itself does
    target = "local" if workspace.settings.target == "local" else "kubernetes"
    modules = ("kaldra.cli.program", "kaldra.stack.images", f"kaldra.stack.{target}")
    threading.Thread(target=lambda: [*map(importlib.import_module, modules)], daemon=True).start()


def _checked(stack: str) -> Workspace:
    workspace = Workspace.open(stack)
    prepare_state(workspace)
    return workspace


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


def ensure_cluster_and_registry(console: Console, spec: ClusterSpec) -> ClusterIdentity:
    """Start the dev cluster and its registry; fast if both run."""
    registry = ensure_registry(spec, console)
    return ClusterIdentity(cluster=ensure_cluster(spec, console), registry=registry)


def load_identity(workspace: Workspace) -> ClusterIdentity | None:
    """Cluster and registry of the last deployment, or None."""
    try:
        return ClusterIdentity(**json.loads(workspace.identities.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def save_identity(workspace: Workspace, cluster: ClusterIdentity) -> None:
    """Record cluster and registry of this deployment."""
    workspace.identities.write_text(json.dumps(asdict(cluster)), encoding="utf-8")
