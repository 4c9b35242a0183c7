"""`./kaldra preview`: show what `up` would change."""

from kaldra.cli.deploy import ready, require_secrets
from kaldra.cli.ui import Console


def run(console: Console, *, stack: str, expect_no_changes: bool, assume_yes: bool) -> None:
    """Run `pulumi preview --diff`; with `expect_no_changes`, fail on changes."""
    require_secrets(stack)
    pulumi = ready(console, stack, assume_yes=assume_yes)
    pulumi.ensure_stack()
    options = ["--expect-no-changes"] if expect_no_changes else []
    pulumi.show("preview", "--diff", "--refresh", *options)
