from collections.abc import Sequence
from pathlib import Path

import pytest

from kaldra.errors import KaldraError
from kaldra.toolchain import builds
from kaldra.toolchain.gotrim import Trim, trimmed


class Go:
    """Answers as go does for a module in the cache; remembers what it was asked to replace."""

    def __init__(self, module: Path) -> None:
        self.module = module
        self.asked: list[Sequence[str | Path]] = []

    def __call__(self, command: Sequence[str | Path]) -> str:
        self.asked.append(command)
        return f"go: downloading m v1\n{self.module}\n" if command[0] == "list" else ""


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """A module of two packages, read-only as in Go's cache."""
    for name in ("heavy/a.go", "heavy/b.go", "heavy/a_test.go", "light/c.go", "testdata/big"):
        file = tmp_path / "cached" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"// {name}\n")
        file.chmod(0o444)
    return tmp_path / "cached"


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    """The folder of a module list with a file of ours for one package."""
    ours = tmp_path / "list" / "trimmed" / "heavy" / "less.go"
    ours.parent.mkdir(parents=True)
    ours.write_text("// ours\n")
    (tmp_path / "list" / "go.mod").write_text("module m\n")
    (tmp_path / "list" / "go.sum").write_text("")
    return tmp_path / "list"


def test_our_files_take_the_place_of_all_that_are_not_kept(
    module: Path, modules: Path, tmp_path: Path
) -> None:
    go, into = Go(module), tmp_path / "into"
    file = trimmed([Trim("example.org/m", "heavy", ("a.go",))], modules, into, go)
    assert file == into / "go.mod"
    copy = into / "0"
    assert {p.name for p in (copy / "heavy").iterdir()} == {"a.go", "kaldra_less.go"}
    assert {p.name for p in copy.iterdir()} == {"heavy", "light"}
    assert any(f"-replace=example.org/m={copy}" in command for command in go.asked)
    assert (module / "heavy/b.go").exists()


def test_a_module_is_changed_once(module: Path, modules: Path, tmp_path: Path) -> None:
    trims = [Trim("example.org/m", "heavy")]
    trimmed(trims, modules, tmp_path / "into", Go(module))
    again = Go(module)
    assert trimmed(trims, modules, tmp_path / "into", again) == tmp_path / "into" / "go.mod"
    assert again.asked == []


def test_a_file_that_is_gone_is_named(module: Path, modules: Path, tmp_path: Path) -> None:
    with pytest.raises(KaldraError, match=r"cached has no moved\.go in heavy"):
        trimmed([Trim("m", "heavy", ("moved.go",))], modules, tmp_path / "into", Go(module))
    assert not (tmp_path / "into").exists()


def test_a_list_without_trims_is_left_as_it_is(module: Path, modules: Path, tmp_path: Path) -> None:
    assert trimmed([], modules, tmp_path / "into", Go(module)) is None


@pytest.mark.parametrize("wanted", [builds.NODE, builds.PULUMI_CLI], ids=lambda b: str(b.name))
def test_every_trim_has_its_files_and_every_file_its_trim(wanted: builds.Build) -> None:
    folder = wanted.modules / "trimmed"
    written = {p.parent.relative_to(folder).as_posix() for p in folder.rglob("*.go")}
    assert written == {trim.package for trim in wanted.trims}
