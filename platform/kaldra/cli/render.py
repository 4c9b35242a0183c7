"""`./kaldra render`: a stack's Kubernetes objects as YAML files, without a cluster."""

from pathlib import Path

from kaldra.cli.ui import Console
from kaldra.render import files, manifests


def run(console: Console, *, stack: str, out: Path) -> None:
    """Write one file per object into `out`; secrets are redacted, image digests are zero."""
    with console.step(f"render · {stack}") as step:
        rendered = manifests(stack)
        changed, gone = files.write(rendered, out, stack)
        step.done(f"{len(rendered)} objects in {out} ({changed} written, {gone} removed)")
