"""What the caller gives, checked before a verb runs: arguments and files."""

from itertools import pairwise
from pathlib import Path
from typing import Any

from typer.core import TyperCommand

from kaldra import environment, variables
from kaldra.errors import ConfigurationError
from serving.special_file import is_special


class Verb(TyperCommand):
    """A command that takes no empty argument: as a path, it would be the current folder."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments; raises ConfigurationError for an empty one.

        Shell completion and arguments of another program are left alone.
        """
        if not (ctx.resilient_parsing or ctx.ignore_unknown_options):
            for before, argument in pairwise(["", *args]):
                assigned = argument.startswith("--") and argument.endswith("=")
                if assigned or not argument:
                    option = argument.removesuffix("=") or before
                    named = option.strip("-") and option.startswith("-")
                    raise ConfigurationError(
                        f"{option if named else 'An argument'} is empty.",
                        hint="Give a value, or leave it out; a shell variable that is not set "
                        "leaves it empty.",
                    )
        return super().parse_args(ctx, args)


def require_regular_files() -> None:
    """Raise ConfigurationError where a pipe or device stands for a file of the caller's.

    Several processes read these files, each from the beginning.
    """
    docker = Path(variables.DOCKER_CONFIG.value or "~/.docker").expanduser()
    unnamed = (docker / "config.json", Path("~/.kube/config").expanduser())
    for variable, path in (*environment.named_files(), *(("", path) for path in unnamed)):
        if is_special(path):
            named = f"{variable} names {path}, which" if variable else f"{path}"
            export = f": export {variable}=FILE" if variable else "."
            raise ConfigurationError(
                f"{named} is a pipe, a socket or a device; several processes read it.",
                hint=f"Save its content in a regular file{export}",
            )
