"""`./kaldra preview`: show what `up` would change."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kaldra.cli import policy
from kaldra.cli.deploy import import_program, ready
from kaldra.cli.events import resource
from kaldra.cli.ui import Console, write_json
from kaldra.cli.workspace import Workspace
from kaldra.errors import KaldraError


@dataclass(frozen=True)
class Change:
    """One resource that `up` would change."""

    operation: str
    """Pulumi's: create, update, replace, delete, …"""
    resource: str
    """Kind and name, such as "Deployment kaldra-api"."""
    urn: str
    fields: Sequence[str]
    """Paths of the inputs that differ; values are left out, some are secret."""


@dataclass(frozen=True)
class Preview:
    """What `./kaldra preview --json` prints."""

    stack: str
    changes: Sequence[Change]
    unchanged: int


def run(
    console: Console, *, stack: str, expect_no_changes: bool, assume_yes: bool, as_json: bool
) -> None:
    """Run `pulumi preview --diff`; fails on changes where none are expected."""
    policy.require(console, stack)
    import_program(Workspace.open(stack))
    pulumi = ready(console, stack, assume_yes=assume_yes)
    pulumi.ensure_stack()
    if not as_json:
        options = ["--expect-no-changes"] if expect_no_changes else []
        pulumi.show("preview", "--diff", "--refresh", *options)
        return
    document = pulumi.read("preview", "--json", "--refresh")
    changed = changes(document["steps"])
    unchanged = (document.get("changeSummary") or {}).get("same", 0)
    write_json(Preview(stack, changed, unchanged))
    if changed and expect_no_changes:
        raise KaldraError(
            f"{len(changed)} resources of stack {stack} would change.",
            hint=f"./kaldra preview --stack {stack}",
        )


def changes(steps: Iterable[Mapping[str, Any]]) -> list[Change]:
    """Changes in the steps of `pulumi preview --json`."""
    return [
        Change(
            step["op"],
            resource(step["urn"]),
            step["urn"],
            sorted(step.get("detailedDiff") or step.get("diffReasons") or ()),
        )
        for step in steps
        if step["op"] not in ("same", "refresh", "read")
    ]
