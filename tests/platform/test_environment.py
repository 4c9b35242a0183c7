"""Whatever a caller's environment holds, processes start in a clean one."""

import os
import subprocess
from pathlib import Path

import pytest

from kaldra import environment
from kaldra.cli.workspace import GUARD
from kaldra.paths import REPO
from kaldra.stack import dotenv
from tests.platform.test_variables import documented, read
from tests.processes import ran

FOLDER = Path("/srv")

PAIRS = """
PYTHONPATH=. PYTHONHOME=/nowhere PYTHONSTARTUP=startup.py PYTHONINSPECT=1 PYTHONOPTIMIZE=2
PYTHONDONTWRITEBYTECODE=1 PYTHONIOENCODING=ascii PYTHONWARNINGS=error VIRTUAL_ENV=/nowhere
CONDA_PREFIX=/nowhere PIP_TARGET=/nowhere PIP_PREFIX=/nowhere PIP_USER=1 PIP_REQUIRE_VIRTUALENV=1
PIP_NO_BINARY=:all: PIP_CONSTRAINT=/nowhere UV_PYTHON=3.8 UV_SYSTEM_PYTHON=1 UV_OFFLINE=1
UV_CONSTRAINT=/nowhere PULUMI_CONFIG={ PULUMI_STACK=other PULUMI_BACKEND_URL=s3://other
PULUMI_HOME=/nowhere PULUMI_SKIP_CONFIRMATIONS=true PULUMI_OPTION_PARALLEL=none
PULUMI_DIY_BACKEND_GZIP=true PULUMI_CONFIG_PASSPHRASE= PULUMI_DEBUG_GRPC=log.json
PULUMI_K8S_CLIENT_QPS=0 DOCKER_DEFAULT_PLATFORM=windows/amd64 DOCKER_BUILDKIT=0
DOCKER_CONTENT_TRUST=1 BUILDX_BUILDER=other BUILDKIT_PROGRESS=rawjson
KIND_EXPERIMENTAL_PROVIDER=podman KIND_EXPERIMENTAL_DOCKER_NETWORK=other KIND_CLUSTER_NAME=other
GOFLAGS=-mod=vendor GOOS=windows GOARCH=arm GOROOT=/nowhere GOPATH=/proc GOTOOLCHAIN=go1.2
GOENV=/nowhere GIT_DIR=/nowhere GIT_WORK_TREE=/nowhere LANG=C LANGUAGE=pt_BR
LC_MESSAGES=pt_BR.UTF-8 TMPDIR=/nowhere CDPATH=/usr:/ BASH_ENV=/nowhere IFS=/
GREP_OPTIONS=--invalid LD_PRELOAD= HTTP_PROXY=http://127.0.0.1:9 HTTPS_PROXY=http://127.0.0.1:9
NO_PROXY= FORCE_COLOR=1 MAKEFLAGS=-j POSIXLY_CORRECT=1
"""
HOSTILE = dict(pair.split("=", 1) for pair in PAIRS.split())
PASSED = {"HTTP_PROXY", "HTTPS_PROXY"}


def clean(**given: str) -> dict[str, str]:
    return environment.clean({"HOME": "/home/ana", "PATH": "/usr/bin", **given}, FOLDER)


def test_what_the_platform_and_the_services_read_is_passed_on() -> None:
    ours = {*documented()} - read(GUARD / "pulumi") - {"PATH"}
    needed = ours | dotenv.names()
    assert {name for name in needed if not environment.is_passed(name)} == set()


def test_each_group_says_names_once() -> None:
    names = [name for group in environment.PASSED.values() for name in group.split()]
    assert len(names) == len(set(names))
    assert {name for name in environment.FILES if not environment.is_passed(name)} == set()


def test_relative_paths_are_of_the_callers_folder() -> None:
    assert clean(KALDRA_STATE="a:b")["KALDRA_STATE"] == "/srv/a:b"  # one path, unlike KUBECONFIG
    made = clean(KALDRA_STATE="st", KUBECONFIG="a:/b", KALDRA_ENV_FILE="/dev/null")
    # As a unit of systemd or an env file has it, where no shell replaces it.
    assert clean(KALDRA_HOME="~/cache")["KALDRA_HOME"] == str(Path.home() / "cache")
    assert clean(KALDRA_HOME="~nobody-here")["KALDRA_HOME"] == "/srv/~nobody-here"
    assert made["KALDRA_STATE"] == "/srv/st"
    assert made["KUBECONFIG"] == "/srv/a:/b"
    assert made["KALDRA_ENV_FILE"] == "/dev/null"


@pytest.mark.parametrize("given", ["", "corp.example", "corp.example,localhost,127.0.0.1"])
def test_this_machine_is_never_reached_by_a_proxy(given: str) -> None:
    made = clean(https_proxy="http://proxy:3128", NO_PROXY=given)
    assert made["NO_PROXY"] == made["no_proxy"]
    named = made["NO_PROXY"].split(",")
    assert sorted(named) == sorted({*filter(None, given.split(",")), *environment.LOOPBACK})
    assert "NO_PROXY" not in clean(NO_PROXY="")


def test_the_search_path_has_no_relative_folder_and_not_this_clones_own() -> None:
    given = f".::bin:{REPO}/platform/kaldra/guard:/st/bin:{REPO}/.venv/bin:/opt/tools:/usr/bin/:"
    path = environment.search_path(given, "/st").split(os.pathsep)
    assert path[:2] == ["/opt/tools", "/usr/bin"]
    assert path[2:] == [f for f in environment.SYSTEM_FOLDERS if f != "/usr/bin"]
    # Twice the same: what `./kaldra env` exports is taken away again.
    again = environment.search_path(os.pathsep.join(["/st/bin", *path]), "/st")
    assert again.split(os.pathsep) == path
    assert environment.search_path("", "/st").split(os.pathsep) == [*environment.SYSTEM_FOLDERS]


def test_the_home_is_the_users_where_none_is_given() -> None:
    assert clean(HOME="")["HOME"] == clean(HOME="here")["HOME"] == os.path.expanduser("~")  # noqa: PTH111


def test_a_user_without_a_name_has_the_state_as_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    assert clean(HOME="", KALDRA_STATE="/st")["HOME"] == "/st"


def test_a_temporary_folder_is_passed_on_where_it_can_be_used(tmp_path: Path) -> None:
    assert clean(TMPDIR=str(tmp_path))["TMPDIR"] == str(tmp_path)


def run(*arguments: str, cwd: Path, umask: int = 0o022, **given: str):
    needed = {name: os.environ[name] for name in ("PATH", "HOME")}
    return ran(REPO / "kaldra", *arguments, env={**needed, **given}, cwd=cwd, umask=umask)


@pytest.mark.parametrize("umask", [0o077, 0o000])
def test_the_command_line_does_the_same_under_all_of_them(tmp_path: Path, umask: int) -> None:
    """Rendered from a folder with modules of the standard library's names, links and odd names."""
    hostile = tmp_path / "a%20b #1 'ü"
    hostile.mkdir()
    for module in ("secrets", "token", "types", "email", "typing", "yaml", "pulumi", "kaldra"):
        (hostile / f"{module}.py").write_text("raise SystemExit('imported')")
    (hostile / "kaldra link").symlink_to(REPO / "kaldra")
    plain = run("render", "--out", "plain", cwd=tmp_path)
    assert plain.returncode == 0, plain.stderr
    done = run("render", "--out", "out", cwd=hostile, umask=umask, **HOSTILE)
    assert done.returncode == 0, done.stderr
    assert "imported" not in done.stderr
    files = {p.name: p.read_bytes() for p in (hostile / "out").iterdir()}
    assert files == {p.name: p.read_bytes() for p in (tmp_path / "plain").iterdir()}
    assert {oct(p.stat().st_mode & 0o777) for p in (hostile / "out").iterdir()} == {"0o644"}


def test_a_current_folder_that_was_removed_is_no_fault(tmp_path: Path) -> None:
    gone = f"mkdir gone; cd gone; rmdir ../gone; exec '{REPO}/kaldra' --help"
    done = ran("/bin/sh", "-c", gone, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_every_process_starts_in_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in HOSTILE.items():
        monkeypatch.setenv(name, value)
    before = dict(os.environ)
    umask = os.umask(0o077)
    try:
        environment.enter()
        said = subprocess.run(["env"], capture_output=True, text=True, check=True).stdout  # noqa: S607
        hostile = {line for line in said.splitlines() if line.partition("=")[0] in HOSTILE}
        assert {line.partition("=")[0] for line in hostile} - PASSED == {
            "NO_PROXY", "PIP_USER", "PIP_REQUIRE_VIRTUALENV",
        }  # fmt: skip
        assert {"PIP_USER=0", "PIP_REQUIRE_VIRTUALENV=0"} <= hostile
        (tmp_path / "file").touch()
        assert (tmp_path / "file").stat().st_mode & 0o777 == 0o644
    finally:
        os.umask(umask)
        os.environ.clear()
        os.environ.update(before)
