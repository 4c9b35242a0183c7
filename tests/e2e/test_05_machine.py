"""What a machine lacks while tools are made is said in one message; the next run goes on."""

import os
import shutil
import subprocess
from pathlib import Path

from kaldra.paths import REPO
from tests.e2e.clone import Clone


def test_registries_out_of_reach_are_named(platform: Clone, tmp_path: Path) -> None:
    """With a cache and a state of their own, so that whatever is missing has to be made."""
    folders = {name: str(tmp_path / name) for name in ("KALDRA_HOME", "KALDRA_STATE")}
    nobody = {"KALDRA_ROUTE": "registries", "GOPROXY": "http://127.0.0.1:9"}
    said = platform.kaldra("up", code=1, **folders, **nobody)
    assert "No Go module proxy can be reached from this machine." in said
    assert "go env GOPROXY" in said
    assert "Traceback" not in said
    platform.kaldra("status")


def test_an_index_of_packages_that_does_not_answer_is_told(tmp_path: Path) -> None:
    for name in ("kaldra", "requirements.lock"):
        shutil.copy(REPO / name, tmp_path)
    shutil.copytree(REPO / "platform", tmp_path / "platform")
    nobody = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}
    own = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "PIP_CONFIG_FILE": os.devnull}
    command = [tmp_path / "kaldra", "doctor"]
    done = subprocess.run(command, env=own | nobody, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "✗ Installing the Python packages failed (see above)." in done.stderr
    assert "→ Check that this machine reaches a Python package index" in done.stderr
    assert "Traceback" not in done.stderr
    # What is half made does not count as made: the same command goes on from here.
    assert not (tmp_path / ".venv/requirements.lock").exists()
