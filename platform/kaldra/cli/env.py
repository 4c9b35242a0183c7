"""`./kaldra env`: the environment in which plain pulumi does what `./kaldra` does."""

import shlex
import sys

from kaldra import variables
from kaldra.cli.deploy import ready
from kaldra.cli.ui import Console
from kaldra.cli.workspace import given_passphrase


def run(_: Console, *, stack: str) -> None:
    """Print shell exports on standard output; everything else goes to standard error."""
    pulumi = ready(Console(quiet=True), stack, assume_yes=False)
    pulumi.ensure_stack()
    if pulumi.workspace.has_secret_passphrase and not given_passphrase():
        # Pulumi takes an empty one, or another stack's, before the file.
        sys.stdout.write(f"unset {variables.PASSPHRASE.name}\n")
    for name, value in pulumi.variables.items():
        sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
