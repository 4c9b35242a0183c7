"""What `up`, `preview` and `env` share: tools, cluster and a Pulumi that is ready to run."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from kaldra.cli.pulumi import Pulumi
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace, ensure_passphrase, environment
from kaldra.cluster.kind import ClusterSpec, ensure_cluster, ensure_registry
from kaldra.toolchain.prepare import Prepared, prepare


@dataclass(frozen=True)
class Ground:
    """What a dev stack stands on; each value changes when that is made anew."""

    cluster: str
    registry: str


def ready(console: Console, stack: str, *, assume_yes: bool) -> tuple[Pulumi, Prepared]:
    """Check the settings, provide the tools, open the workspace. No cluster is touched."""
    workspace = Workspace.open(stack)
    ensure_passphrase(workspace)
    prepared = prepare(workspace.settings.target, console, assume_yes=assume_yes)
    images = {
        "KALDRA_BASE_IMAGE": prepared.base_image,
        "KALDRA_BUILDER_IMAGE": prepared.builder_image,
    }
    return Pulumi(workspace, environment(workspace, images), console), prepared


def cluster_spec(workspace: Workspace, prepared: Prepared | None = None) -> ClusterSpec:
    """The dev cluster that the stack's settings describe; without images where none is made."""
    settings = workspace.settings
    return ClusterSpec(
        name=settings.cluster_name,
        api_port=settings.api_port,
        registry_port=settings.registry_port,
        kubeconfig=Path(settings.kubeconfig_path),
        node_image=(prepared and prepared.node_image) or "",
        registry_image=(prepared and prepared.registry_image) or "",
    )


def ensure_ground(console: Console, workspace: Workspace, prepared: Prepared) -> Ground:
    """Bring up the dev cluster and its registry; quick when both are there."""
    spec = cluster_spec(workspace, prepared)
    registry = ensure_registry(spec, console)
    cluster = ensure_cluster(spec, console)
    return Ground(cluster=cluster.identity, registry=registry.identity)


def last_ground(workspace: Workspace) -> Ground | None:
    """What the stack was last deployed to, or None."""
    try:
        document = json.loads(workspace.identities.read_text(encoding="utf-8"))
        return Ground(cluster=document["cluster"], registry=document["registry"])
    except (OSError, ValueError, KeyError):
        return None


def remember_ground(workspace: Workspace, ground: Ground) -> None:
    """Record what the stack now stands on."""
    workspace.identities.write_text(json.dumps(asdict(ground)), encoding="utf-8")
