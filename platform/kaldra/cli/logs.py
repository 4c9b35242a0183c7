"""`./kaldra logs`: both services' logs, merged, each line with its pod or container."""

import sys

from kaldra.cli import containers, kubectl
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.stack.services import PART_OF


def run(console: Console, *, stack: str, follow: bool, lines: int) -> None:
    """Print the last lines of every pod or container, and what follows with --follow."""
    workspace = Workspace.open(stack)
    del console
    if workspace.settings.target == "local":
        show = containers.follow_logs if follow else containers.print_logs
        show(workspace, lines=lines)
        return
    arguments = [
        "logs",
        f"--selector=app.kubernetes.io/part-of={PART_OF}",
        "--all-containers",
        "--prefix",
        f"--tail={lines}",
        "--max-log-requests=50",
        "--ignore-errors",
    ]
    if not follow:
        sys.stdout.write(kubectl.read(workspace, *arguments))
        return
    code = kubectl.follow(kubectl.command(workspace, *arguments, "--follow"))
    if code:
        sys.exit(code)
