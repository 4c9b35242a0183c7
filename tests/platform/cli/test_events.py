"""The engine's events as a user sees them."""

import io
import json
from unittest.mock import Mock

import pytest

from kaldra.cli.events import Events
from kaldra.cli.ui import Console

API = "urn:pulumi:dev::kaldra::kaldra:index:Workload$kubernetes:apps/v1:Deployment::kaldra-api"


def step(event, op="update", *, custom=True, type_="kubernetes:apps/v1:Deployment"):
    return {event: {"metadata": {"op": op, "urn": API, "type": type_, "new": {"custom": custom}}}}


def whole(*args, **more):
    return [step(event, *args, **more) for event in ("resourcePreEvent", "resOutputsEvent")]


def told(message, severity, **more):
    return {"diagnosticEvent": {"urn": API, "message": message, "severity": severity, **more}}


BEGUN, ENDED = whole()
PROGRESS = told("0/1 Pods", "info", ephemeral=True)


@pytest.mark.parametrize(
    ("events", "line"),
    [
        ([BEGUN, ENDED], "✓   Deployment kaldra-api · updated (0."),
        # What failed, or did not end.
        ([BEGUN, step("resOpFailedEvent")], "✗   Deployment kaldra-api (0."),
        ([BEGUN], "✗   Deployment kaldra-api (0."),
        # What does not change, a component, a provider.
        (whole("same"), ""),
        (whole("refresh"), ""),
        (whole(custom=False), ""),
        (whole(type_="pulumi:providers:x"), ""),
        # Diagnostics name their resource and lose their markup; progress is no line of its own.
        (
            [told("<{%fg 1%}>crashed<{%reset%}>\nat once\n", "error")],
            "  Deployment kaldra-api: crashed\n  at once\n",
        ),
        ([PROGRESS], ""),
        ([BEGUN, PROGRESS, ENDED], "✓   Deployment kaldra-api · updated (0."),
        # A line that is no event.
        (["a plugin's own words"], "  a plugin's own words\n"),
    ],
)
def test_each_event_is_at_most_one_line(events, line):
    stream = io.StringIO()
    console = Console(stream)
    with console.step("pulumi up") as whole_step:
        shown = Events(console, whole_step)
        for event in events:
            shown.take(event if isinstance(event, str) else json.dumps(event))
        shown.close()
        assert bool(stream.getvalue()) == bool(line)
        assert stream.getvalue().startswith(line)


def test_the_summary_counts_what_was_done():
    changes = {"same": 17, "update": 1, "replace": 2, "create-replacement": 2}
    events = Events(Console(io.StringIO()), Mock())
    events.take(json.dumps({"summaryEvent": {"resourceChanges": changes}}))
    assert events.summary == "1 updated, 2 replaced, 17 unchanged"
