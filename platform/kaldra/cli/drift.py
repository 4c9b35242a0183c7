"""Drift: live objects that were changed or deleted outside Pulumi."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kaldra.cli.events import resource
from kaldra.cli.pulumi import Pulumi
from kaldra.render.diff import ABSENT, Field, fields

_DRIFT = {"update": "changed", "replace": "changed", "delete": "deleted"}
"""What a refresh would do to the state → what happened to the object."""


@dataclass(frozen=True)
class Drift:
    """One object that differs from the state."""

    name: str
    """Kind and name, such as "Deployment kaldra-api"."""
    what: str
    """Changed or deleted."""
    fields: tuple[str, ...]
    """Each with its value in the state and the live value; secrets without values."""


def look(pulumi: Pulumi) -> list[Drift]:
    """Compare without changing anything; raises KaldraError if the refresh fails."""
    stack = pulumi.workspace.stack
    document = pulumi.read("refresh", "--preview-only", "--json", "--stack", stack)
    return found(document["steps"])


def found(steps: Iterable[Mapping[str, Any]]) -> list[Drift]:
    """Drift in the steps of `pulumi refresh --preview-only --json`."""
    drifted = [
        Drift(resource(step["urn"]), what, _fields(step) if what == "changed" else ())
        for step in steps
        if (what := _DRIFT.get(step["op"]))
    ]
    return sorted(drifted, key=lambda drift: drift.name)


def _fields(step: Mapping[str, Any]) -> tuple[str, ...]:
    """Fields that differ between the state and the live object; else those Pulumi names."""
    differ = fields(_inputs(step, "oldState"), _inputs(step, "newState"))
    if not differ:
        return tuple(sorted(step.get("detailedDiff") or step.get("diffReasons") or ()))
    return tuple(f"{f.path}: {_shown(f)}" for f in differ)


def _inputs(step: Mapping[str, Any], state: str) -> dict[str, Any]:
    inputs = (step.get(state) or {}).get("inputs") or {}
    return {key: value for key, value in inputs.items() if not key.startswith("__")}


def _shown(field: Field) -> str:
    pair = (field.before, field.after)
    before, after = ("nothing" if v is ABSENT else json.dumps(v) for v in pair)
    return f"{before} in the state, {after} found"
