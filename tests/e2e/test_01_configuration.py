"""What is wrong with a configuration is said before anything is made."""

import os
from pathlib import Path

import pytest

from tests.e2e.clone import LOCAL_STACK, STACK, Clone

STACK_FILE = f"Pulumi.{STACK}.yaml"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "kaldra:logLevl: DEBUG",
            "Unknown setting kaldra:logLevl in {}. Did you mean kaldra:logLevel?",
        ),
        ("kaldra:logLevel: LOUD", "Setting kaldra:logLevel in {} is wrong"),
        ("kaldra:gateway: {rateLimit: many}", "Setting kaldra:gateway.rateLimit in {} is wrong"),
    ],
)
def test_a_wrong_setting_is_named_with_its_file(clone: Clone, line: str, message: str):
    with clone.edited(STACK_FILE, "config:\n", f"config:\n  {line}\n"):
        said = clone.kaldra("up", code=2).output
    assert message.format(STACK_FILE) in said
    assert not clone.state.exists()


def test_an_unknown_stack_is_answered_with_those_there_are(clone: Clone):
    said = clone.kaldra("up", stack="nowhere", code=2).output
    assert "Stack 'nowhere' does not exist" in said
    assert f"{STACK}, {LOCAL_STACK}" in said
    assert not clone.state.exists()


def test_an_unknown_verb_is_refused(clone: Clone):
    assert "No such command 'upp'" in clone.run("./kaldra", "upp", code=2).output


def test_an_engine_that_does_not_answer_is_named(clone: Clone):
    said = clone.kaldra("up", code=1, DOCKER_HOST="unix:///nobody/docker.sock").output
    assert "No Docker Engine answers at DOCKER_HOST=unix:///nobody/docker.sock." in said
    assert "→ Start it, or: unset DOCKER_HOST" in said


def test_a_python_that_is_too_old_is_refused(clone: Clone, tmp_path: Path):
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$2" = --version ] && echo Python 3.9.2\nexit 1\n')
    old.chmod(0o755)
    for name in ["sh"]:
        place = next(
            Path(d) / name for d in os.defpath.split(":") if d and (Path(d) / name).exists()
        )
        (tmp_path / name).symlink_to(place)
    fresh = tmp_path / "clone"
    fresh.mkdir()
    for name in ("kaldra", "requirements.lock"):
        (fresh / name).write_bytes((clone.root / name).read_bytes())
    said = clone.run("sh", str(fresh / "kaldra"), "up", code=2, env={"PATH": str(tmp_path)}).output
    assert "Python 3.11 or newer is needed; found: Python 3.9.2." in said
