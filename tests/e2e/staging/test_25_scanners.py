"""Scanners over what is rendered for staging: no finding, but for what is waived with a reason."""

from functools import partial
from pathlib import Path

import pytest

from tests.e2e.staging import scanners
from tests.fakes.progress import QuietProgress

WAIVED = {
    "container-image-pull-policy": "images are named by digest, and a node that has one needs no "
    "registry to start it again: docs/decisions/0018-staging-is-the-same-program.md",
}
"""Check of kube-score → why it is not followed."""


@pytest.fixture(scope="module")
def rendered(empty_stage) -> Path:
    empty_stage.kaldra("render", "--out", "scanned")
    return empty_stage.root / "scanned"


def files(rendered: Path) -> list[Path]:
    found = sorted(rendered.glob("*.yaml"))
    assert len(found) > 15
    return found


def test_kube_score(rendered):
    waived = [f"--ignore-test={check}" for check in WAIVED]
    program = scanners.kube_score(QuietProgress())
    ask = partial(scanners.said_by, program, "score", "--exit-one-on-warning")
    assert ask(*waived, *files(rendered)) == ""
    # Nothing is waived that would not be found.
    assert "ImagePullPolicy is not set to Always" in ask(*files(rendered))


def test_checkov(rendered):
    program, only = scanners.checkov(), "--framework=kubernetes"
    assert scanners.said_by(program, f"--directory={rendered}", only, "--compact", "--quiet") == ""
