"""`./kaldra preview`: what `up` would change."""

from kaldra.cli import recovery
from kaldra.cli.deploy import ready, require_secrets
from kaldra.cli.ui import Console


def run(console: Console, *, stack: str, expect_no_changes: bool, assume_yes: bool) -> None:
    """Run `pulumi preview --diff`; fails on changes where none are expected."""
    require_secrets(stack)
    pulumi = ready(console, stack, assume_yes=assume_yes)
    recovery.clear(pulumi)
    pulumi.ensure_stack()
    arguments = ["preview", "--stack", stack, "--diff", "--refresh"]
    if expect_no_changes:
        arguments.append("--expect-no-changes")
    pulumi.run(*arguments, show=console.raw)
