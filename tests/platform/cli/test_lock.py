import re
import tomllib
from dataclasses import replace

import pytest
from packaging.requirements import Requirement

from kaldra.cli import lock, reference
from kaldra.cli.ui import Console
from kaldra.paths import REPO
from kaldra.toolchain import builds, gobuild

LOCK = (REPO / lock.LOCK).read_text(encoding="utf-8")
PROJECT = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))


def sections() -> dict[str, str]:
    """Text of each section of the lock, as the images cut them out."""
    parts = re.split(r"^# --- .*\n", LOCK, flags=re.MULTILINE)
    return dict(zip(lock.GROUPS, parts, strict=True))


def test_every_package_has_hashes_and_one_version():
    packages = lock.blocks(LOCK)
    assert len(packages) == len(re.findall(r"^\S+==", LOCK, re.MULTILINE))
    assert all("--hash=sha256:" in block for block in packages.values())


def test_the_lock_names_no_place():
    assert not re.search(r"https?:|--index-url|--find-links| @ ", LOCK)


def test_what_pyproject_asks_for_is_locked_in_its_section():
    for group, text in sections().items():
        locked = {
            name: block.split("==")[1].split()[0] for name, block in lock.blocks(text).items()
        }
        for line in PROJECT["dependency-groups"][group]:
            wanted = Requirement(line)
            assert wanted.specifier.contains(locked[wanted.name]), line


@pytest.mark.parametrize("changed", [True, False])
def test_what_follows_from_a_version_is_made_with_it(tmp_path, monkeypatch, changed):
    made: list[object] = []
    list_file = tmp_path / "go.mod"
    monkeypatch.setattr(lock, "MODULE_LISTS", [[replace(builds.NODE, modules=tmp_path)]])
    monkeypatch.setattr(lock, "REPO", tmp_path)
    monkeypatch.setattr(lock, "outdated", lambda _: {list_file: "module m\n"} if changed else {})
    monkeypatch.setattr(gobuild, "resolve", lambda builds, *_: made.append(builds[0].name))
    monkeypatch.setattr(lock, "run_command", lambda command, **_: made.append(command[1].name))
    monkeypatch.setattr(reference, "run", lambda _: made.append("reference"))
    monkeypatch.setattr(lock, "resolve", lambda _: "pip==1\n")
    lock.run(Console())
    assert made == (["node", "generate.py", "update.py", "reference"] if changed else [])
    assert list_file.exists() == changed
    assert (tmp_path / lock.LOCK).read_text() == "pip==1\n"
