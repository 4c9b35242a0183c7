"""Other people's checks of manifests: kube-score and checkov.

The first is built from Go modules once and kept in the cache of tools, the other is installed
beside it. tests/e2e/test_15_render.py has the API server check the manifests against its schemas.
"""

import subprocess
import sys
from pathlib import Path

from kaldra.paths import home
from kaldra.progress import Progress
from kaldra.toolchain import gobuild

CHECKOV = "3.3.30"
KUBE_SCORE = gobuild.Build(
    name="scanners",
    modules=Path(__file__).parent / "modules" / "scanners",
    outputs={"kube-score": "github.com/zegl/kube-score/cmd/kube-score"},
    stamps={},
)


def kube_score(progress: Progress) -> Path:
    built = gobuild.build(KUBE_SCORE, progress)
    gobuild.drop_caches()
    return built / "kube-score"


def checkov() -> Path:
    """The program, in an environment of its own."""
    folder = home() / "built" / f"checkov-{CHECKOV}"
    program = folder / "bin" / "checkov"
    if not program.exists():
        uv = Path(sys.executable).with_name("uv")
        python = folder / "bin" / "python"
        subprocess.run([uv, "venv", "--clear", "--python", sys.executable, folder], check=True)
        subprocess.run(
            [uv, "pip", "install", "--python", python, f"checkov=={CHECKOV}"], check=True
        )
    return program


def said_by(*command: str | Path) -> str:
    """What a scanner finds: "" where it is content."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr
