"""What is rendered without a cluster is what a cluster takes."""

from pathlib import Path

import pytest

from tests.e2e.clone import STACK, Clone


@pytest.mark.parametrize("stack", [STACK, "staging"])
def test_the_api_server_accepts_everything_rendered(platform: Clone, tmp_path: Path, stack: str):
    platform.kaldra("render", "--out", str(tmp_path), stack=stack)
    said = platform.kubectl(
        "apply", "--dry-run=server", "--validate=strict", f"--filename={tmp_path}"
    )
    accepted = [line for line in said.splitlines() if line.endswith("(server dry run)")]
    assert len(accepted) == len(list(tmp_path.iterdir())), said


def test_what_is_rendered_is_what_runs(platform: Clone, tmp_path: Path):
    """Seen in the objects that neither have nor hold names made of content."""
    platform.kaldra("render", "--out", str(tmp_path))
    kinds = ("namespace", "service", "serviceaccount", "networkpolicy")
    files = [file for kind in kinds for file in tmp_path.glob(f"{kind}-*.yaml")]
    assert len(files) >= len(kinds)
    for file in files:
        platform.kubectl("diff", f"--filename={file}")
