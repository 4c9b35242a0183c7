import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from kaldra.errors import KaldraError
from kaldra.toolchain import debian
from tests.platform.fake_docker import FakeDocker
from tests.platform.quiet import QuietProgress

DEB822 = """\
Types: deb
# https://snapshot.example/archive/debian
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
"""
ONE_LINE = """\
deb [signed-by=/etc/docker.gpg] https://docker.example/linux/debian-ce bookworm stable
deb https://mirror.example/debian/ bookworm main
"""


@pytest.fixture
def sources(tmp_path, monkeypatch):
    folder = tmp_path / "sources.list.d"
    folder.mkdir()
    monkeypatch.setattr(debian, "SOURCES", (tmp_path / "sources.list", folder))
    return folder


def test_the_machines_own_archive_is_used(sources):
    (sources / "debian.sources").write_text(DEB822)
    assert debian.mirror() == "http://mirror.example/debian"


def test_another_vendors_archive_is_not_debians(sources):
    (sources / "all.list").write_text(ONE_LINE)
    assert debian.mirror() == "https://mirror.example/debian/"


def test_a_disabled_source_is_not_used(sources):
    (sources / "debian.sources.disabled").write_text(DEB822)
    with pytest.raises(KaldraError, match="No Debian archive"):
        debian.mirror()


def test_images_get_the_updates_that_this_machine_gets(sources):
    (sources / "debian.sources").write_text(DEB822)
    assert debian.apt_sources().splitlines() == [
        "deb http://mirror.example/debian bookworm main",
        "deb http://mirror.example/debian bookworm-updates main",
        "deb http://mirror.example/debian-security bookworm-security main",
    ]


def test_an_archive_without_updates_is_enough(sources):
    (sources / "all.list").write_text(ONE_LINE)
    assert debian.apt_sources() == "deb https://mirror.example/debian/ bookworm main\n"


def test_a_recipe_has_one_digest_and_another_recipe_another():
    assert debian.recipe_digest("a", b"b") == debian.recipe_digest(b"a", "b")
    assert debian.recipe_digest("ab") != debian.recipe_digest("a", "b")


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
    assert [list((root / name).iterdir()) for name in debian.UNNEEDED] == [[]] * len(
        debian.UNNEEDED
    )
    assert (root / "etc/apt/sources.list").read_text() == ""
    assert {path.name for path in (root / "etc").iterdir()} == {"apt"}


def test_a_base_is_made_of_the_hosts_archives_and_imported(tmp_path, docker, sources, program):
    (sources / "debian.sources").write_text(DEB822)
    said = tmp_path / "said"
    bootstrap = program(
        "mmdebstrap", f'echo "$@" > {said}; for last; do :; done; cat "$last" >> {said}\n'
    )
    client = program("docker", f'echo "$@" >> {said}\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(debian.shutil, "which", lambda *_, **__: str(bootstrap))
        patch.setattr(debian, "BOOTSTRAP", (bootstrap, *debian.BOOTSTRAP[1:]))
        debian.bootstrap("kaldra/x:1", ("python3", "bash"), QuietProgress(), client=client)
    made, *archives, imported = said.read_text().splitlines()
    assert "--variant=minbase" in made
    assert "--include=python3,bash" in made
    assert archives == debian.apt_sources().splitlines()
    assert imported.endswith("root.tar kaldra/x:1")


@pytest.fixture
def build(tmp_path: Path, docker: FakeDocker, sources: Path) -> Callable[[str], str]:
    """Runs a build with a client that writes down what it was given; returns that."""
    (sources / "debian.sources").write_text(DEB822)
    client = tmp_path / "docker"
    client.write_text(
        f"""#!/bin/sh
echo "$@" > {tmp_path}/said
for option; do
  case $option in
    --iidfile=*) echo sha256:1 > "${{option#*=}}" ;;
    --file=*) cp "${{option#*=}}" {tmp_path}/dockerfile ;;
  esac
done
"""
    )
    client.chmod(0o755)

    def build(dockerfile: str) -> str:
        with QuietProgress().step("image") as step:
            debian.build("kaldra/x:1", dockerfile, tmp_path / "context", step, client=client)
        assert (tmp_path / "dockerfile").read_text() == dockerfile
        return (tmp_path / "said").read_text()

    return build


def test_a_build_that_installs_packages_gets_the_hosts_archives_as_secrets(build):
    assert "--secret=id=sources,src=" in build(f"FROM x\nRUN {debian.APT} apt-get upgrade\n")


def test_a_build_that_installs_nothing_gets_no_secrets(build):
    assert "--secret" not in build("FROM x\n")


def test_a_build_passes_the_hosts_proxy_by_name_only(build, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://user:password@proxy.example")
    said = build("FROM x\n")
    assert "--build-arg=HTTPS_PROXY " in said
    assert "password" not in said
