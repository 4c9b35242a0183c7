import dataclasses
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from kaldra import variables
from kaldra.errors import KaldraError
from kaldra.toolchain import debian
from kaldra.toolchain.machine import machine
from tests.fakes.progress import QuietProgress


class Apt:
    """A machine's apt with sources, lists and archives of the test's own; apt itself is real."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.archive("debian", "Debian", "bookworm", "bookworm-updates", "bookworm-security")
        for folder in ("parts", "lists/partial", "cache"):
            (root / folder).mkdir(parents=True)
        (root / "conf").write_text(
            f"""Dir::Etc::SourceList "/dev/null"; Dir::Etc::SourceParts "{root}/parts";
            Dir::State::Lists "{root}/lists"; Dir::Cache "{root}/cache";
            APT::Architecture "amd64";"""
        )

    def archive(self, name: str, origin: str, *codenames: str, suite: str = "") -> None:
        for codename in codenames:
            folder = self.root / name / "dists" / (suite or codename)
            packages = folder / "main/binary-amd64/Packages"
            packages.parent.mkdir(parents=True)
            packages.write_text(PACKAGE)
            digest = hashlib.sha256(PACKAGE.encode()).hexdigest()
            (folder / "Release").write_text(
                f"Origin: {origin}\nCodename: {codename}\nArchitectures: amd64\nComponents: main\n"
                "Date: Sat, 16 May 2026 00:00:00 UTC\n"
                f"SHA256:\n {digest} {len(PACKAGE)} main/binary-amd64/Packages\n"
            )

    def uses(self, *lines: str) -> None:
        text = "".join(f"{line.replace('ROOT', str(self.root))}\n" for line in lines)
        (self.root / "parts/all.list").write_text(text)
        subprocess.run([str(shutil.which("apt-get")), "update"], check=True, capture_output=True)


PACKAGE = "Package: x\nVersion: 1\n\n"
DEBIAN = "deb [trusted=yes] file:ROOT/debian bookworm main"


@pytest.fixture
def apt(tmp_path, monkeypatch) -> Apt:
    if not shutil.which("apt-get"):
        pytest.skip("no apt here")
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt/conf"))
    monkeypatch.delenv(variables.DEBIAN_ARCHIVE.name, raising=False)
    return Apt(tmp_path / "apt")


def sources(apt: Apt) -> list[str]:
    with QuietProgress().step("") as step:
        return debian.apt_sources(step).replace(str(apt.root), "ROOT").splitlines()


def test_images_get_the_release_and_the_updates_that_this_machine_gets(apt):
    apt.uses(DEBIAN)
    assert sources(apt) == ["deb file:ROOT/debian/ bookworm main"]
    apt.uses(
        "deb [trusted=yes] file:ROOT/debian bookworm-security main",
        "deb [trusted=yes] file:ROOT/debian bookworm-updates main",
        DEBIAN,
    )
    assert sources(apt) == [
        "deb file:ROOT/debian/ bookworm main",
        "deb file:ROOT/debian/ bookworm-updates main",
        "deb file:ROOT/debian/ bookworm-security main",
    ]


def test_an_archive_is_known_by_what_it_says_not_by_its_address(apt):
    apt.archive("linux/debian", "Docker", "bookworm")
    apt.archive("artifactory/remote-7", "Debian", "bookworm", suite="oldstable")
    apt.uses(
        "deb [trusted=yes] file:ROOT/linux/debian bookworm main",
        "# deb [trusted=yes] file:ROOT/debian bookworm main",
        "deb [trusted=yes] file:ROOT/artifactory/remote-7 oldstable main",
    )
    assert sources(apt) == ["deb file:ROOT/artifactory/remote-7/ oldstable main"]


def test_of_a_list_of_mirrors_the_first_is_taken(apt):
    (apt.root / "mirrors").write_text(f"# ours\nfile:{apt.root}/debian\tpriority:1\n")
    apt.uses("deb [trusted=yes] mirror+file:ROOT/mirrors bookworm main")
    assert sources(apt) == ["deb file:ROOT/debian bookworm main"]


def test_another_vendors_machine_is_told_how_to_name_an_archive(apt, monkeypatch):
    apt.archive("ubuntu", "Ubuntu", "noble")
    apt.uses("deb [trusted=yes] file:ROOT/ubuntu noble main")
    with pytest.raises(KaldraError, match="no archive of Debian bookworm") as raised:
        sources(apt)
    # As the hint says.
    name, _, value = raised.value.hint.removeprefix("export ").split()[0].partition("=")
    monkeypatch.setenv(name, value)
    assert sources(apt) == ["deb http://mirror.example/debian bookworm main"]


def test_emptied_lists_are_read_again(apt, monkeypatch):
    apt.uses(DEBIAN)
    shutil.rmtree(apt.root / "lists")
    (apt.root / "lists/partial").mkdir(parents=True)
    here = dataclasses.replace(machine(), root=True, debian=True)
    monkeypatch.setattr(debian, "machine", lambda: here)
    assert sources(apt) == ["deb file:ROOT/debian/ bookworm main"]


def test_tidying_keeps_folders_and_forgets_archive_and_machine(tmp_path):
    root = tmp_path / "root"
    for name in (*debian.UNNEEDED, "etc/apt"):
        (root / name / "deep").mkdir(parents=True)
        (root / name / "deep" / "file").write_text("x")
    (root / "etc/apt/sources.list").write_text("deb http://mirror.example/debian bookworm main")
    (root / "etc/hostname").write_text("this-machine")
    (root / "etc/resolv.conf").write_text("nameserver 192.0.2.1")
    (tmp_path / "tidy").write_text(debian.TIDY)
    subprocess.run(["/bin/sh", tmp_path / "tidy", root], check=True)
    assert not any(list((root / name).iterdir()) for name in debian.UNNEEDED)
    assert (root / "etc/apt/sources.list").read_text() == ""
    assert {path.name for path in (root / "etc").iterdir()} == {"apt"}


def test_a_base_is_made_of_the_hosts_archives_and_imported(
    tmp_path, docker, apt, program, docker_script, monkeypatch
):
    apt.uses(DEBIAN)
    said = tmp_path / "said"
    script = f'echo "$@" > {said}; for last; do :; done; cat "$last" >> {said}'
    folder = program("bin/mmdebstrap", script).parent
    docker_script(f'echo "$@" >> {said}')
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    debian.bootstrap("kaldra/x:1", ("python3", "bash"), QuietProgress())
    made, *archives, imported = said.read_text().splitlines()
    assert "--variant=minbase" in made
    assert "--include=python3,bash" in made
    assert archives == [f"deb file:{apt.root}/debian/ bookworm main"]
    assert imported.endswith("root.tar kaldra/x:1")


@pytest.fixture
def build(tmp_path, docker, apt, docker_script) -> Callable[[str], str]:
    """Runs a build with a client that writes down what it was given; returns that."""
    apt.uses(DEBIAN)
    docker_script(
        f"""echo "$@" > {tmp_path}/said
for option; do
  case $option in
    --iidfile=*) echo sha256:1 > "${{option#*=}}" ;;
    --file=*) cp "${{option#*=}}" {tmp_path}/dockerfile ;;
  esac
done""",
    )

    def build(dockerfile: str) -> str:
        with QuietProgress().step("image") as step:
            debian.build("kaldra/x:1", dockerfile, tmp_path / "context", step)
        assert (tmp_path / "dockerfile").read_text() == dockerfile
        return (tmp_path / "said").read_text()

    return build


def test_a_build_that_installs_packages_gets_the_hosts_archives_as_secrets(build):
    assert "--secret=id=sources,src=" in build(f"FROM x\nRUN {debian.APT} apt-get upgrade\n")
    assert "--secret" not in build("FROM x\n")


def test_a_build_passes_the_hosts_proxy_by_name_only(build, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://user:password@proxy.example")
    said = build("FROM x\n")
    assert "--build-arg=HTTPS_PROXY " in said
    assert "password" not in said
