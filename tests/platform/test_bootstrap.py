"""How `.venv` is made: with every hash checked, complete or made again, and never over others'."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kaldra import bootstrap


class Clone:
    """A clone in which programs are noted instead of run."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.venv = root / ".venv"
        self.packages = self.venv / "lib/python3.11/site-packages/kaldra.pth"
        self.calls: list[list[str]] = []
        self.failing = ""
        """Programs with this in their command line fail."""
        lock = root / "requirements.lock"
        lock.write_text("a==1 \\\n    --hash=sha256:0\nuv==1 \\\n    --hash=sha256:1\nz==1\n")
        for name, path in (("REPO", root), ("VENV", self.venv), ("LOCK", lock)):
            monkeypatch.setattr(bootstrap, name, path)
        monkeypatch.setattr(bootstrap, "_logged", self.noted)

    def noted(self, _log: Path | None, *command: str | Path, **_variables: str) -> bool:
        words = [str(word) for word in command]
        self.calls.append(words)
        if "venv" in words:
            self.packages.parent.mkdir(parents=True)
        return not self.failing or self.failing not in " ".join(words)

    @property
    def installs(self) -> list[list[str]]:
        return [words for words in self.calls if "install" in words]


@pytest.fixture
def clone(tmp_path, monkeypatch) -> Clone:
    return Clone(tmp_path, monkeypatch)


def test_it_is_made_once_for_each_lock(clone):
    for text, times in ((bootstrap.LOCK.read_text(), 1), ("b==1\n", 2)):
        bootstrap.LOCK.write_text(text)
        bootstrap._ensure()
        bootstrap._ensure()
        assert [words[1:4] for words in clone.calls].count(["-I", "-m", "venv"]) == times
        assert (clone.venv / "requirements.lock").read_text() == text


def test_it_holds_the_packages_of_this_clone(clone):
    bootstrap._ensure()
    folders = [clone.packages.parent / line for line in clone.packages.read_text().splitlines()]
    root = clone.venv.parent.resolve()
    assert [folder.resolve() for folder in folders] == [root, root / "platform"]
    clone.packages.unlink()
    bootstrap._ensure()
    assert clone.packages.exists()


def test_a_real_environment_finds_them_from_anywhere(tmp_path):
    question = "import kaldra.paths, serving.dotenv; print(kaldra.paths.REPO)"
    command = (sys.executable, "-I", "-c", question)
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()) == bootstrap.REPO


def test_what_is_half_made_or_does_not_start_is_made_again(clone):
    for step in ("pip install", "import typer"):
        clone.failing = step
        with pytest.raises(SystemExit) as raised:
            bootstrap._ensure()
        assert raised.value.code == 2
        assert not (clone.venv / "requirements.lock").exists()
    clone.failing = ""
    bootstrap._ensure()
    assert (clone.venv / "requirements.lock").exists()


def test_every_install_checks_hashes_also_where_the_fast_one_fails(clone):
    clone.failing = "bin/uv"
    bootstrap._ensure()
    assert (clone.venv / "uv.lock").read_text() == "uv==1 \\\n    --hash=sha256:1"
    everything = str(bootstrap.LOCK)
    read = [words[words.index("-r") + 1] for words in clone.installs]
    assert read == [str(clone.venv / "uv.lock"), everything, everything]
    assert all("--require-hashes" in words for words in clone.installs)


def test_an_environment_of_somebody_else_stays(clone, capsys):
    (clone.venv / "bin").mkdir(parents=True)
    (clone.venv / "mine").write_text("kept")
    with pytest.raises(SystemExit):
        bootstrap._ensure()
    said = capsys.readouterr().err
    assert f"✗ {clone.venv} was not made by ./kaldra" in said
    assert (clone.venv / "mine").read_text() == "kept"
    # As the hint says.
    _, _, hint = said.rpartition("mv ")
    os.rename(*hint.split())  # noqa: PTH104  two words of a command
    bootstrap._ensure()
    assert (clone.venv.with_name(".venv.old") / "mine").read_text() == "kept"


def test_a_link_to_another_environment_is_replaced_alone(clone, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine").write_text("kept")
    clone.venv.symlink_to(other)
    bootstrap._ensure()
    assert (other / "mine").read_text() == "kept"
    assert not clone.venv.is_symlink()


def test_a_real_environment_that_lacks_a_package_does_not_work(tmp_path, monkeypatch):
    monkeypatch.setattr(bootstrap, "VENV", Path(sys.prefix))
    assert bootstrap._works()
    monkeypatch.setattr(bootstrap, "VENV", tmp_path)
    assert not bootstrap._works()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").symlink_to(str(shutil.which("false")))
    assert not bootstrap._works()


@pytest.mark.parametrize(
    ("name", "what", "command"),
    [
        ("REPO", "The path of this clone", "mv '/srv/a:b' '/srv/a-b'"),
        ("KALDRA_STATE", "KALDRA_STATE", "export KALDRA_STATE='/srv/a-b'"),
        ("KALDRA_HOME", "KALDRA_HOME", "export KALDRA_HOME='/srv/a-b'"),
    ],
)
def test_a_path_that_no_search_path_can_hold_is_named(monkeypatch, capsys, name, what, command):
    if name == "REPO":
        monkeypatch.setattr(bootstrap, name, Path("/srv/a:b"))
    else:
        monkeypatch.setenv(name, "/srv/a:b")
    with pytest.raises(SystemExit):
        bootstrap._require_search_paths()
    said = capsys.readouterr().err
    assert f"✗ {what}, /srv/a:b, has a ':', which PATH cannot hold." in said
    assert f"→ {command}" in said


def test_a_stream_that_is_closed_is_no_fault(tmp_path):
    """Without it, the first file that is opened would become standard error."""
    render = f"exec '{bootstrap.REPO}/kaldra' render --out '{tmp_path}' <&- >&- 2>&-"
    subprocess.run(["/bin/sh", "-c", render], check=True)
    assert list(tmp_path.glob("deployment-*.yaml"))
