import io
from contextlib import nullcontext

import pytest

from kaldra.cli import ui
from kaldra.cli.ui import Console
from kaldra.errors import ConfigurationError, KaldraError


def test_a_step_is_one_line_with_its_result_and_time():
    stream = io.StringIO()
    with Console(stream).step("kind cluster") as step:
        step.update("starting", 0.5)
        step.done("made")
    with pytest.raises(ValueError, match="x"), Console(stream).step("build"):
        raise ValueError("x")
    made, failed = stream.getvalue().splitlines()
    assert made.startswith("✓ kind cluster · made (0.")
    assert failed.startswith("✗ build (")


def test_quiet_shows_warnings_and_errors_only():
    stream = io.StringIO()
    console = Console(stream, quiet=True)
    with console.step("build"):
        console.note("detail")
    console.warn("careful")
    console.error("broken", "fix it")
    assert stream.getvalue() == "! careful\n✗ broken\n  → fix it\n"


@pytest.mark.parametrize(
    ("text", "completed"),
    [
        ("./kaldra down --all && ./kaldra up", "./kaldra down{} --all && ./kaldra up{}"),
        ("./kaldra up, then ./kaldra build", "./kaldra up{}, then ./kaldra build"),
        ("./kaldra key NAME --stack other", "./kaldra key NAME --stack other"),
    ],
)
def test_commands_in_messages_are_of_this_run_s_stack(monkeypatch, text, completed):
    assert ui.of_this_stack(text) == text
    monkeypatch.setattr(Console, "stack", "mine")
    assert ui.of_this_stack(text) == completed.format(" --stack mine", " --stack mine")


def test_a_question_that_nobody_can_answer_is_a_no(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(ConfigurationError, match=r"Nothing was changed: Go\?") as caught:
        ui.confirm("Go?", "./kaldra go --yes")
    assert caught.value.hint == "./kaldra go --yes"


@pytest.mark.parametrize(
    ("answer", "good"), [("y", True), ("YES ", True), ("n", False), ("", False)]
)
def test_only_a_yes_is_a_yes(monkeypatch, answer, good):
    terminal = io.StringIO(f"{answer}\n")
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)
    with nullcontext() if good else pytest.raises(KaldraError, match="Nothing was changed"):
        ui.confirm("Go?", "")
