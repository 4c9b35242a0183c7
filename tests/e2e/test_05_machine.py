"""What a machine lacks while tools are made is said in one message; the next run goes on."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from kaldra.toolchain.machine import machine
from kaldra.toolchain.plugins import TOOLS
from kaldra.toolchain.tools import PULUMI_TOOL
from tests.e2e.clone import REPO, Clone
from tests.fakes.publishers import publishers


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


def test_a_release_that_is_not_the_publishers_is_refused_and_thrown_away(
    platform: Clone, elsewhere: dict[str, str]
) -> None:
    here = machine()
    with publishers() as served:
        for tool in (PULUMI_TOOL, TOOLS["docker"]):
            address = tool.url(here.system, here.arch).partition("://")[2]
            served.files[address] = b"something else"
        given = elsewhere | {"KALDRA_ROUTE": "publisher", "KALDRA_PUBLISHERS_URL": served.url}
        said = platform.kaldra("preview", stack="local", code=1, **given).output
    # Both are downloaded at once, and either may be the first that is refused.
    assert any(f"Checksum mismatch for {served.url}/{address}" in said for address in served.files)
    assert "The file was deleted." in said
    assert "KALDRA_ROUTE=registries does without it" in said
    assert "Traceback" not in said
    kept = [p for p in Path(elsewhere["KALDRA_HOME"]).rglob("*pulumi-*") if p.suffix != ".lock"]
    assert kept == []


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
