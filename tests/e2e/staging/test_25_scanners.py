"""Scanners over what is rendered for staging: no finding, but for what is waived with a reason.

kube-score is built from Go modules once and kept in the cache of tools, checkov is installed beside
it. tests/e2e/test_15_render.py has the API server check the manifests against its schemas.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from kaldra.paths import home
from kaldra.toolchain import gobuild
from tests.fakes.progress import QuietProgress

CHECKOV = "3.3.30"
KUBE_SCORE = gobuild.Build(
    name="scanners",
    modules=Path(__file__).parent / "modules" / "scanners",
    outputs={"kube-score": "github.com/zegl/kube-score/cmd/kube-score"},
    stamps={},
)
WAIVED = {
    "container-image-pull-policy": "images are named by digest, and a node that has one needs no "
    "registry to start it again: docs/decisions/0018-staging-is-the-same-program.md",
}
"""Check of kube-score → why it is not followed."""


@pytest.fixture(scope="module")
def rendered(empty_stage) -> Path:
    empty_stage.kaldra("render", "--out", "scanned")
    return empty_stage.root / "scanned"


def findings(*command: str | Path) -> str:
    """What a scanner says: "" where it is content."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_kube_score(rendered):
    files = sorted(rendered.glob("*.yaml"))
    assert len(files) > 15
    program = gobuild.build(KUBE_SCORE, QuietProgress()) / "kube-score"
    gobuild.drop_caches()
    ask = (program, "score", "--exit-one-on-warning")
    assert findings(*ask, *(f"--ignore-test={check}" for check in WAIVED), *files) == ""
    # Nothing is waived that would not be found.
    assert "ImagePullPolicy is not set to Always" in findings(*ask, *files)


def test_checkov(rendered):
    folder = home() / "built" / f"checkov-{CHECKOV}"
    program = folder / "bin" / "checkov"
    if not program.exists():
        uv, own = Path(sys.executable).with_name("uv"), folder / "bin" / "python"
        subprocess.run([uv, "venv", "--clear", "--python", sys.executable, folder], check=True)
        subprocess.run([uv, "pip", "install", "--python", own, f"checkov=={CHECKOV}"], check=True)
    options = ("--framework=kubernetes", "--compact", "--quiet")
    assert findings(program, f"--directory={rendered}", *options) == ""
