"""The engine's events as a user sees them."""

import io
import json

import pytest

from kaldra.cli.events import Events
from kaldra.cli.ui import Console

API = "urn:pulumi:dev::kaldra::kaldra:index:Workload$kubernetes:apps/v1:Deployment::kaldra-api"


@pytest.fixture
def stream():
    return io.StringIO()


@pytest.fixture
def take(stream):
    """Hands events to the console."""
    console = Console(stream)
    with console.step("pulumi up") as step:
        events = Events(console, step)
        yield lambda **event: events.take(json.dumps(event)) or events


def step(op="update", *, custom=True, type_="kubernetes:apps/v1:Deployment"):
    return {"metadata": {"op": op, "urn": API, "type": type_, "new": {"custom": custom}}}


def test_a_changed_resource_is_one_line_when_it_is_done(take, stream):
    take(resourcePreEvent=step())
    assert stream.getvalue() == ""
    take(resOutputsEvent=step())
    assert stream.getvalue().startswith("✓   Deployment kaldra-api · updated (0.")


@pytest.mark.parametrize(
    "quiet", [step("same"), step("refresh"), step(custom=False), step(type_="pulumi:providers:x")]
)
def test_what_does_not_change_is_no_line(take, stream, quiet):
    take(resourcePreEvent=quiet)
    take(resOutputsEvent=quiet)
    assert stream.getvalue() == ""


@pytest.mark.parametrize("told", [True, False])
def test_what_failed_or_did_not_end_says_so(take, stream, *, told):
    events = take(resourcePreEvent=step())
    if told:
        take(resOpFailedEvent=step())
    events.close()
    assert stream.getvalue().startswith("✗   Deployment kaldra-api (")


def test_diagnostics_name_their_resource_and_lose_their_markup(take, stream):
    diagnostic = {"urn": API, "message": "<{%fg 1%}>crashed<{%reset%}>\n", "severity": "error"}
    take(diagnosticEvent=diagnostic)
    assert stream.getvalue() == "  Deployment kaldra-api: crashed\n"


def test_progress_of_a_resource_is_no_line_of_its_own(take, stream):
    status = {"urn": API, "message": "0/1 Pods", "severity": "info", "ephemeral": True}
    take(resourcePreEvent=step())
    take(diagnosticEvent=status)
    assert stream.getvalue() == ""


def test_the_summary_counts_what_was_done(take):
    changes = {"same": 17, "update": 1, "replace": 2, "create-replacement": 2}
    assert take(summaryEvent={"resourceChanges": changes}).summary == (
        "1 updated, 2 replaced, 17 unchanged"
    )


def test_a_line_that_is_no_event_is_shown(stream):
    console = Console(stream)
    with console.step("pulumi up") as step:
        Events(console, step).take("a plugin's own words")
    assert "  a plugin's own words" in stream.getvalue()
