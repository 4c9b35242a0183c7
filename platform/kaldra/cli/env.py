"""`./kaldra env`: the environment in which plain pulumi does what `./kaldra` does."""

import os
import shlex
import sys

from kaldra.cli.deploy import ready
from kaldra.cli.ui import Console


def run(*, stack: str) -> None:
    """Print shell exports on standard output; everything else goes to standard error."""
    pulumi = ready(Console(quiet=True), stack, assume_yes=False)
    pulumi.ensure_stack()
    for name in sorted(os.environ.keys() - pulumi.workspace.inherited().keys()):
        if name not in pulumi.variables:
            sys.stdout.write(f"unset {name}\n")
    for name, value in pulumi.variables.items():
        sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
