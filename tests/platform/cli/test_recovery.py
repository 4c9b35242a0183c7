import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from kaldra.cli import recovery
from kaldra.cli.pulumi import Pulumi
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.errors import KaldraError
from kaldra.stack.settings import Settings


@pytest.fixture
def pulumi(tmp_path, monkeypatch):
    monkeypatch.setenv("KALDRA_STATE", str(tmp_path))
    return Pulumi(Workspace("try", Settings(target="dev")), {}, Console(quiet=True))


def lock(tmp_path, pid, host=None):
    folder = tmp_path / "state/.pulumi/locks/organization/kaldra/try"
    folder.mkdir(parents=True)
    file = folder / "0.json"
    file.write_text(
        json.dumps({"pid": pid, "username": "ana", "hostname": host or socket.gethostname()})
    )
    return file


def dead_pid():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_dead_runs_lock_goes_away(pulumi, tmp_path):
    file = lock(tmp_path, dead_pid())
    assert recovery.clear(pulumi) is False
    assert not file.exists()


def test_a_reused_process_id_is_not_taken_for_pulumi(pulumi, tmp_path):
    with subprocess.Popen(["/bin/sleep", "60"]) as process:
        file = lock(tmp_path, process.pid)
        recovery.clear(pulumi)
        process.kill()
    assert not file.exists()


def test_a_live_run_is_named_and_its_lock_left_alone(pulumi, tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", "input()", "pulumi"], stdin=subprocess.PIPE
    ) as run:
        while b"pulumi" not in Path(f"/proc/{run.pid}/cmdline").read_bytes():
            pass
        file = lock(tmp_path, run.pid)
        with pytest.raises(KaldraError, match=f"pid {run.pid}"):
            recovery.clear(pulumi)
        run.kill()
    assert file.exists()


def test_another_machines_lock_is_never_removed(pulumi, tmp_path):
    file = lock(tmp_path, os.getpid(), host="elsewhere")
    with pytest.raises(KaldraError, match="ana@elsewhere") as caught:
        recovery.clear(pulumi)
    assert "pulumi cancel" in caught.value.hint
    assert file.exists()


def test_unfinished_operations_are_seen_in_the_state(pulumi):
    checkpoint = pulumi.workspace.checkpoint
    checkpoint.parent.mkdir(parents=True)
    checkpoint.write_text(json.dumps({"checkpoint": {"latest": {"pending_operations": [{}]}}}))
    assert recovery.clear(pulumi) is True
