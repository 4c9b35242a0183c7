"""`./kaldra status`: workloads, images, health, releases and drift.

Drift are live objects that were changed or deleted outside Pulumi.
"""

import itertools
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kaldra.cli import dev, health, releases
from kaldra.cli.deploy import deployed_or_fail
from kaldra.cli.events import resource
from kaldra.cli.pulumi import Deployment
from kaldra.cli.ui import Console, of_this_stack, write_json
from kaldra.errors import KaldraError
from kaldra.render.diff import ABSENT, fields

DRIFTED = 3
"""Exit code if objects were changed or deleted outside Pulumi."""

SHOWN_RELEASES = 3

_DRIFT = {"update": "changed", "replace": "changed", "delete": "deleted"}
"""What a refresh would do to the state → what happened to the object."""


@dataclass(frozen=True)
class DeployedRelease:
    """A release that worked."""

    number: int
    ended: datetime
    revision: str
    """Commit; empty where there was none."""
    digests: Mapping[str, str]
    """Service → digest of its image."""
    title: str
    rollback: bool
    """Whether `./kaldra rollback` goes back to it."""


@dataclass(frozen=True)
class Drift:
    """One object that differs from the state."""

    name: str
    """Kind and name, such as "Deployment kaldra-api"."""
    what: str
    """Changed or deleted."""
    fields: tuple[str, ...]
    """Each with its value in the state and the live value; secrets without values."""


@dataclass(frozen=True)
class Status:
    """What `./kaldra status --json` prints."""

    stack: str
    url: str
    answer: str
    """Body of GET /status/; empty where the gateway does not answer."""
    problem: str
    """Why it does not."""
    workloads: Sequence[health.Workload]
    live: Mapping[str, Sequence[str]]
    """Files that differ from the image, by the pod or container that serves them."""
    releases: Sequence[DeployedRelease]
    """Newest first."""
    drift: Sequence[Drift]
    well: bool
    """Whether everything serves as promised; drift aside."""


def run(console: Console, *, stack: str, as_json: bool) -> None:
    """Print what runs, its health, its release, and what differs from the state.

    Exits with 3 on drift, else with 1 if a component is unhealthy. Changes neither live objects nor
    the state.
    """
    found = look(deployed_or_fail(console, stack))
    if as_json:
        write_json(found)
    else:
        sys.stdout.write("".join(f"{line}\n" for line in lines(found)))
    if found.drift:
        console.error(
            "Live objects differ from the last deployment.",
            f"./kaldra up --stack {stack}  (./kaldra preview shows what it would change)",
        )
        sys.exit(DRIFTED)
    if not found.well:
        verb = "logs" if all(workload.exists for workload in found.workloads) else "up"
        console.error("Not everything is well.", f"./kaldra {verb} --stack {stack}")
        sys.exit(1)


def look(deployed: Deployment) -> Status:
    """Ask cluster or engine, gateway, history and provider plugins."""
    pulumi = deployed.pulumi
    workspace, console = pulumi.workspace, pulumi.console
    workloads = health.workloads(workspace)
    answer = problem = ""
    try:
        answer = health.ask_gateway(workspace, console, seconds=0)
    except KaldraError as error:
        problem = str(error)
    updates = releases.updates(deployed)
    back = releases.previous(updates)
    shown = [
        DeployedRelease(r.number, r.ended, r.revision, r.digests, r.title, r == back)
        for r in itertools.islice(releases.working(updates), SHOWN_RELEASES)
    ]
    with console.step("look for drift") as step:
        drifted = drift_in(pulumi.read("refresh", "--preview-only", "--json")["steps"])
        step.done("none" if not drifted else f"{len(drifted)} found")
    well = bool(answer) and all(workload.well for workload in workloads)
    url, live = workspace.settings.url, dev.differing(workspace, console)
    return Status(workspace.stack, url, answer, problem, workloads, live, shown, drifted, well)


def lines(status: Status) -> Iterator[str]:
    """The same for a reader."""
    yield from map(str, status.workloads)
    yield f"✗ {status.problem}" if status.problem else f"✓ {status.url}/status/  {status.answer}"
    for name, paths in sorted(status.live.items()):
        files = "1 file differs" if len(paths) == 1 else f"{len(paths)} files differ"
        yield f"! {name} LIVE: {files} from the image ({', '.join(paths[:3])})"
    for release in status.releases:
        images = "  ".join(f"{s} {d.rpartition(':')[2][:12]}" for s, d in release.digests.items())
        note = of_this_stack("  ← ./kaldra rollback") if release.rollback else ""
        yield f"  release {release.title}  {images}{note}"
    for one in status.drift:
        yield f"✗ {one.name} was {one.what} since it was deployed"
        yield from (f"    {field}" for field in one.fields)
    if not status.drift:
        yield "✓ no drift: what the state holds is as it was deployed"


def drift_in(steps: Iterable[Mapping[str, Any]]) -> list[Drift]:
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
    return tuple(
        f"{f.path}: {_shown(f.before)} in the state, {_shown(f.after)} found" for f in differ
    )


def _inputs(step: Mapping[str, Any], state: str) -> dict[str, Any]:
    inputs = (step.get(state) or {}).get("inputs") or {}
    return {key: value for key, value in inputs.items() if not key.startswith("__")}


def _shown(value: Any) -> str:
    return "nothing" if value is ABSENT else json.dumps(value)
