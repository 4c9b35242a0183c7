import json
import socket
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest

from kaldra.cli import clean, doctor
from kaldra.cli.doctor import lines
from kaldra.cli.garbage import Garbage
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.errors import ConfigurationError
from kaldra.stack.settings import Settings
from kaldra.toolchain.inventory import Finding

QUIET = Console(StringIO(), quiet=True)
DEAD = 2**22
"""Above every process id."""


def test_each_problem_stands_under_its_tool_with_its_fix():
    text = lines(
        [
            Finding("kind", version="0.33.0", where="/usr/bin/kind", route="found"),
            Finding("disk", problem="1 GB free\nof 100", fix="df -h"),
        ]
    )
    assert text == [
        "✓ kind  0.33.0  /usr/bin/kind (found)",
        "✗ disk",
        "    1 GB free",
        "    of 100",
        "    → df -h",
    ]


@pytest.fixture
def workspace(state: Path) -> Workspace:
    return Workspace("try", Settings(target="local"))


@pytest.mark.parametrize(
    ("pid", "host", "dead"),
    [(DEAD, socket.gethostname(), True), (DEAD, "elsewhere", False), (None, "", False)],
)
def test_a_lock_of_a_process_that_is_gone(workspace, tmp_path, pid, host, dead):
    folder = tmp_path / "state" / ".pulumi" / "locks" / "organization" / "kaldra" / "try"
    folder.mkdir(parents=True)
    if pid:
        (folder / "1.json").write_text(json.dumps({"pid": pid, "hostname": host}))
    assert doctor.dead_lock(workspace) == (pid if dead else None)


def test_garbage_is_removed_only_after_a_yes(workspace, monkeypatch):
    found = [Garbage("image", "sha256:1", 5, "why")]
    removed: list[Garbage] = []
    monkeypatch.setattr(clean, "look", lambda *_a, **_k: found)
    monkeypatch.setattr(clean, "remove", lambda *a: removed.extend(a[-1]))
    monkeypatch.setattr("sys.stdin", StringIO())
    wrong = [Finding("disk", problem="full", repair="disk")]
    with pytest.raises(ConfigurationError, match="Remove all of it"):
        doctor.repair(QUIET, workspace, wrong, assume_yes=False)
    assert removed == []
    doctor.repair(QUIET, workspace, wrong, assume_yes=True)
    assert removed == found


def test_operations_that_did_not_end_are_settled(workspace, monkeypatch):
    settled = []
    pulumi = SimpleNamespace(settle=lambda: settled.append(workspace.stack))
    monkeypatch.setattr(doctor, "opened", lambda *_: pulumi)
    wrong = [Finding("state", problem="an operation did not end", repair="pending")]
    doctor.repair(QUIET, workspace, wrong, assume_yes=False)
    assert settled == ["try"]
