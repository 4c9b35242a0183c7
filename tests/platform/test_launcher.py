"""The launcher as a shell runs it: which Python it takes, and what it says when there is none."""

import shutil
import subprocess
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
TOOLS = ("sh", "dirname", "cmp", "grep", "sed", "id", "rm", "tail", "cp", "flock", "uname")


class Machine:
    """A clone with a search path of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.bin = root / "bin"
        self.bin.mkdir()
        for tool in TOOLS:
            found = shutil.which(tool)
            if found:
                (self.bin / tool).symlink_to(found)
        shutil.copy(REPO / "kaldra", root)
        (root / "requirements.lock").write_text("uv==1 \\\n    --hash=sha256:0\nrich==1\n")

    def program(self, name: str, text: str) -> None:
        file = self.bin / name
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(0o755)

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [self.root / "kaldra", *arguments],
            env={"PATH": str(self.bin)},
            capture_output=True,
            text=True,
            check=False,
        )


OLD = 'case "$*" in *version_info*) exit 1;; --version) echo Python 3.9.2;; esac'

# Makes an environment whose python notes how it is called.
GOOD = """
case "$*" in
  *version_info*|*ensurepip*) exit 0;;
  "-m venv"*)
    mkdir() { /bin/mkdir "$@"; }
    mkdir -p "$3/bin"
    printf '#!/bin/sh\\necho "$@" >>%s\\n' "$LOG" >"$3/bin/python"
    printf '#!/bin/sh\\nexit %s\\n' "${UV:-0}" >"$3/bin/uv"
    /bin/chmod +x "$3/bin/python" "$3/bin/uv";;
esac
"""


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def good_python(machine, uv=0):
    machine.program("python3", f"LOG={machine.root / 'calls'} UV={uv}\n{GOOD}")


def calls(machine):
    return (machine.root / "calls").read_text().splitlines()


def test_a_python_that_is_too_old_is_named_with_the_way_out(machine):
    machine.program("python3", OLD)
    done = machine.run("up")
    assert done.returncode == 2
    assert "Python 3.11 or newer is needed; found: Python 3.9.2" in done.stderr
    assert "KALDRA_PYTHON=" in done.stderr
    assert not (machine.root / ".venv").exists()


def test_no_python_at_all_is_said_in_the_same_words(machine):
    done = machine.run("up")
    assert done.returncode == 2
    assert "Python 3.11 or newer is needed" in done.stderr


def test_the_environment_is_made_once_and_the_command_line_is_run(machine):
    good_python(machine)
    assert machine.run("doctor").returncode == 0
    assert calls(machine)[-1] == "-m kaldra.cli doctor"
    made = len(calls(machine))
    machine.run("status", "--stack", "x")
    assert calls(machine)[made:] == ["-m kaldra.cli status --stack x"]


def test_a_changed_lock_makes_the_environment_anew(machine):
    good_python(machine)
    machine.run("doctor")
    (machine.root / "requirements.lock").write_text("uv==2 \\\n    --hash=sha256:0\n")
    machine.run("doctor")
    assert sum("--require-hashes" in call for call in calls(machine)) == 2


def test_a_half_made_environment_is_made_anew(machine):
    good_python(machine)
    (machine.root / ".venv/bin").mkdir(parents=True)
    machine.run("doctor")
    assert (machine.root / ".venv/requirements.lock").exists()


def test_every_install_checks_hashes_also_where_the_fast_one_fails(machine):
    good_python(machine, uv=1)
    machine.run("doctor")
    installs = [call for call in calls(machine) if "pip install" in call]
    assert len(installs) == 2
    assert all("--require-hashes" in call for call in installs)
