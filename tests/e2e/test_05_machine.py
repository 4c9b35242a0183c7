"""What a machine lacks while tools are made is said in one message; the next run goes on."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.clone import Clone


@pytest.fixture
def elsewhere(tmp_path: Path) -> dict[str, str]:
    """A machine-wide cache and a state of their own: whatever is missing has to be made."""
    return {
        "KALDRA_HOME": str(tmp_path / "home"),
        "KALDRA_STATE": str(tmp_path / "state"),
        "KALDRA_ROUTE": "registries",
    }


@pytest.fixture
def small_disk(elsewhere: dict[str, str]) -> Iterator[dict[str, str]]:
    """The cache on a disk of 64 MB."""
    folder = Path(elsewhere["KALDRA_HOME"])
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("a disk of any size is mounted by root alone")
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "kaldra", folder]
    subprocess.run(mount, check=True)
    yield elsewhere
    unmount = ["umount", "--lazy", folder]
    subprocess.run(unmount, check=True)


def test_a_disk_that_is_nearly_full_is_named(platform: Clone, small_disk: dict[str, str]) -> None:
    said = platform.kaldra("up", code=1, **small_disk).output
    assert f"The disk that holds {small_disk['KALDRA_HOME']} is nearly full" in said
    assert "→ Free space there, or use another disk: export KALDRA_HOME=/elsewhere" in said
    assert "Traceback" not in said


def test_registries_out_of_reach_are_named(platform: Clone, elsewhere: dict[str, str]) -> None:
    said = platform.kaldra("up", code=1, GOPROXY="http://127.0.0.1:9", **elsewhere).output
    assert "No Go module proxy can be reached from this machine." in said
    assert "go env GOPROXY" in said
    assert "Traceback" not in said
    assert platform.kaldra("status").code == 0
