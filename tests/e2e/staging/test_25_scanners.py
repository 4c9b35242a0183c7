"""Scanners over what is rendered for staging: no finding, but for what is waived with a reason."""

import json
from functools import partial
from pathlib import Path

import pytest
import yaml

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


@pytest.fixture(scope="module")
def programs() -> Path:
    return scanners.programs(QuietProgress())


def files(rendered: Path) -> list[Path]:
    found = sorted(rendered.glob("*.yaml"))
    assert len(found) > 15
    return found


def test_kube_score(rendered, programs):
    waived = [f"--ignore-test={check}" for check in WAIVED]
    ask = partial(scanners.said_by, programs / "kube-score", "score", "--exit-one-on-warning")
    assert ask(*waived, *files(rendered)) == ""
    # Nothing is waived that would not be found.
    assert "ImagePullPolicy is not set to Always" in ask(*files(rendered))


def test_kubeconform_with_the_clusters_own_schemas(rendered, programs, empty_stage, tmp_path):
    openapi = json.loads(empty_stage.kubectl("get", "--raw", "/openapi/v2"))
    location = scanners.write_schemas(openapi, tmp_path)
    ask = partial(
        scanners.said_by, programs / "kubeconform", "-strict", "-schema-location", location
    )
    assert ask(*files(rendered)) == ""
    # A field that no server knows is found.
    wrong = yaml.safe_load((rendered / "deployment-kaldra-api.yaml").read_text())
    wrong["spec"]["replica"] = 2
    (tmp_path / "wrong.yaml").write_text(yaml.safe_dump(wrong))
    assert "'replica' not allowed" in ask(tmp_path / "wrong.yaml")


def test_checkov(rendered):
    program, only = scanners.checkov(), "--framework=kubernetes"
    assert scanners.said_by(program, f"--directory={rendered}", only, "--compact", "--quiet") == ""
