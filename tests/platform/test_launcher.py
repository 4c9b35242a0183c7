"""The script `kaldra` as a shell runs it: which clone, which Python, and what if there is none."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.fakes.programs import program
from tests.processes import ran

REPO = Path(__file__).resolve().parents[2]


class Machine:
    """A clone with a search path of its own, whose Python prints what it is given."""

    def __init__(self, root: Path) -> None:
        self.clone = root / "a%20b #1 'ü"
        self.clone.mkdir()
        self.bin = root / "bin"
        self.bin.mkdir()
        for tool in ("sh", "readlink"):
            (self.bin / tool).symlink_to(str(shutil.which(tool)))
        shutil.copy(REPO / "kaldra", self.clone)
        self.bootstrap = str(self.clone / "platform/kaldra/bootstrap.py")

    def python(self, name: str = "python3") -> None:
        program(self.bin / name, f'case "$2" in -c) ;; *) echo "{name}: $*";; esac')

    def run(self, *command: Path | str, cwd: Path | None = None, **variables: str):
        command = command or (self.clone / "kaldra", "doctor")
        return ran(*command, env={"PATH": str(self.bin), **variables}, cwd=cwd)


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


@pytest.mark.parametrize("found", ["Python 3.9.2", "none"])
def test_without_a_python_that_is_new_enough_the_way_out_is_named(machine, found):
    if found != "none":
        program(machine.bin / "python3", f'case "$2" in -c) exit 1;; *) echo {found};; esac')
    done = machine.run()
    assert done.returncode == 2
    assert f"Python 3.11 or newer is needed; found: {found}" in done.stderr
    assert "KALDRA_PYTHON=" in done.stderr
    machine.python("other")
    assert machine.run(KALDRA_PYTHON=str(machine.bin / "other")).stdout.startswith("other: -I")


def test_arguments_are_passed_on_as_they_are(machine):
    machine.python()
    command = (machine.clone / "kaldra", "up", "--stack", "a b")
    assert machine.run(*command).stdout == (
        f"python3: -I -X utf8 {machine.bootstrap} up --stack a b\n"
    )


def test_an_environment_of_this_clone_comes_first(machine):
    machine.python()
    own = machine.clone / ".venv/bin/python"
    program(own, 'echo "own: $*"')
    # Of another tool, or half made: not run.
    assert machine.run().stdout.startswith("python3: ")
    (machine.clone / ".venv/requirements.lock").touch()
    assert machine.run().stdout.startswith("own: ")
    # Its Python was removed from the machine: the link leads nowhere.
    own.unlink()
    own.symlink_to("/nowhere/python3")
    for variables in ({}, {"KALDRA_PYTHON": "/nowhere/python3"}):
        assert machine.run(**variables).stdout.startswith("python3: ")


def test_links_lead_to_the_clone(machine, tmp_path):
    machine.python()
    absolute, relative = tmp_path / "home/bin/kaldra", tmp_path / "bin/kaldra"
    absolute.parent.mkdir(parents=True)
    absolute.symlink_to(machine.clone / "kaldra")
    relative.symlink_to("../home/bin/kaldra")
    for command, cwd in (
        ((absolute,), None),
        ((relative,), None),
        (("kaldra",), tmp_path),  # found on PATH
        (("./kaldra",), relative.parent),
        (("sh", "kaldra"), relative.parent),
    ):
        done = machine.run(*command, cwd=cwd)
        assert done.stdout == f"python3: -I -X utf8 {machine.bootstrap}\n", done.stderr


@pytest.mark.parametrize("setting", ["core.autocrlf=true", "core.eol=crlf"])
def test_a_clone_made_with_settings_for_windows_keeps_its_line_ends(tmp_path, setting):
    clone = tmp_path / "clone"
    cloning = ["git", "-c", setting, "clone", "--quiet", "--depth=1", REPO.as_uri(), str(clone)]
    subprocess.run(cloning, check=True)
    listing = ["git", "-C", str(clone), "ls-files", "--eol"]
    listed = subprocess.run(listing, check=True, capture_output=True, text=True).stdout
    assert "w/lf" in listed
    assert not [line for line in listed.splitlines() if "w/crlf" in line or "w/mixed" in line]
