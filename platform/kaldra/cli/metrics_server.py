"""metrics-server, an option of the dev cluster (`kaldra:metricsServer`)."""

from pathlib import Path

from kaldra import cluster
from kaldra.cli import kubectl
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace

MANIFEST = Path(cluster.__file__).parent / "data" / "metrics-server.yaml"


def ensure(console: Console, workspace: Workspace) -> None:
    """Install it into the cluster; what is installed already stays."""
    with console.step("metrics-server") as step:
        said = kubectl.read(workspace, "apply", f"--filename={MANIFEST}")
        changed = [line for line in said.splitlines() if not line.endswith(" unchanged")]
        step.done(f"{len(changed)} objects changed" if changed else "unchanged")
