"""metrics-server, an option of the dev cluster (`kaldra:metricsServer`)."""

from pathlib import Path

from kaldra import cluster
from kaldra.cli import kubectl
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.paths import state

MANIFEST = Path(cluster.__file__).parent / "data" / "metrics-server.yaml"
API = ("apiservice/v1beta1.metrics.k8s.io", "--for=condition=Available", "--timeout=180s")
OBJECTS = ("--namespace=", f"--filename={MANIFEST}")
"""An empty namespace overrides the stack's: the objects have their own."""


def ensure(console: Console, workspace: Workspace) -> None:
    """Install it and wait until it serves; remove it if the settings no longer ask for it."""
    if not workspace.settings.metrics_server:
        remove(console, workspace)
        return
    with console.step("metrics-server") as step:
        _installed(workspace).touch()
        said = kubectl.read(workspace, "apply", *OBJECTS)
        kubectl.read(workspace, "wait", *API)
        changed = [line for line in said.splitlines() if not line.endswith(" unchanged")]
        step.done(f"{len(changed)} objects changed" if changed else "unchanged")


def remove(console: Console, workspace: Workspace) -> None:
    """Remove what `ensure` installed: no namespace can be deleted while an API does not respond."""
    if not _installed(workspace).exists():
        return
    with console.step("metrics-server") as step:
        kubectl.read(workspace, "delete", "--ignore-not-found", *OBJECTS)
        _installed(workspace).unlink()
        step.done("removed")


def _installed(workspace: Workspace) -> Path:
    """File that exists while the cluster may have it: asking the cluster delays every `up`."""
    return state() / f"{workspace.stack}.metrics-server"
