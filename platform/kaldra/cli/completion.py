"""`./kaldra completion`: typer's completion script for a shell."""

import sys

from typer.completion import get_completion_script  # type: ignore[attr-defined]

from kaldra.cli.ui import Console

VARIABLE = "_KALDRA_COMPLETE"
"""Set by the script where it asks the command line for completions."""


def run(_: Console, *, shell: str) -> None:
    """Print the script; shells apply it to `./kaldra` and to any other path that ends so."""
    sys.stdout.write(get_completion_script(prog_name="kaldra", complete_var=VARIABLE, shell=shell))
    sys.stdout.write("\n")
