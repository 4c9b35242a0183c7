"""Up, a change, up again and down by an ordinary user whose shell is full of traps."""

import grp
import http
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kaldra.paths import home
from tests.conftest import unused_port
from tests.e2e.clone import TRAPS, ask, copy_of_repo, write_stack
from tests.e2e.docker import docker, leftovers
from tests.e2e.machine import NAME

STACK = "e2e-user"
NAMESPACE = f"{NAME}-user"
SYSTEM_PYTHON = Path("/usr/bin/python3")


@pytest.fixture
def somebody() -> dict[str, Any]:
    """Somebody else than root, who may talk to Docker: options of `subprocess.run`."""
    if os.geteuid() != 0:
        return {}
    if "docker" not in {group.gr_name for group in grp.getgrall()}:
        pytest.skip("no group here gives an ordinary user the Docker Engine")
    usable = (SYSTEM_PYTHON, "-c", "import ensurepip, sys; sys.exit(sys.version_info < (3, 11))")
    if subprocess.run(usable, user="nobody", check=False).returncode != 0:
        pytest.skip(f"no Python at {SYSTEM_PYTHON} that an ordinary user may run")
    nobody, docker_group = pwd.getpwnam("nobody"), grp.getgrnam("docker").gr_gid
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [docker_group]}


@pytest.fixture
def folder(somebody) -> Iterator[Path]:
    """Somebody's home, with a clone and a cache of tools, and a folder from which they use it."""
    # Not below pytest's own folder, which only its user may enter.
    with tempfile.TemporaryDirectory(prefix="kaldra-e2e-") as name:
        folder = Path(name)
        copy_of_repo(folder / "clone")
        (folder / "clone/.venv").unlink()
        elsewhere = folder / "a%20b #1"
        elsewhere.mkdir()
        for module in ("secrets", "token", "types", "email", "pulumi"):
            (elsewhere / f"{module}.py").write_text("raise SystemExit('imported')")
        (elsewhere / "kaldra").symlink_to(folder / "clone/kaldra")
        cache = folder / ".cache/kaldra"
        for kind in ("built", "downloaded"):
            if (home() / kind).is_dir():
                # Files are linked: another user can read them, and not write.
                shutil.copytree(home() / kind, cache / kind, copy_function=os.link, symlinks=True)
        # A tool whose Python only another user may run, and an `up` that cleans.
        (folder / "closed").mkdir(mode=0)
        tool = cache / "built/closed-1"
        tool.mkdir(parents=True)
        (tool / "python").symlink_to(folder / "closed/python")
        (folder / "clone/.kaldra").mkdir()
        (folder / "clone/.kaldra/former-images").write_text("-1000")
        if somebody:
            for path in (folder, *folder.rglob("*")):
                if path.is_dir() or not path.is_relative_to(cache):
                    os.chown(path, somebody["user"], somebody["group"], follow_symlinks=False)
            folder.chmod(0o755)
        yield folder


def test_up_a_change_and_down(somebody, folder: Path) -> None:
    port = unused_port()
    names = {"namespace": NAMESPACE, "imageTag": NAMESPACE}
    write_stack(folder / "clone", STACK, target="local", **names, apiPort=port)
    authorities = {k: v for k, v in os.environ.items() if k in {"SSL_CERT_FILE", "PIP_CERT"}}
    own = {"HOME": str(folder), "KALDRA_PYTHON": str(SYSTEM_PYTHON)}

    def kaldra(verb: str) -> str:
        """`kaldra VERB`, by a link, in another folder, in an environment full of traps."""
        done = subprocess.run(
            [folder / "a%20b #1/kaldra", verb, "--stack", STACK],
            env={"PATH": ".:bin:/usr/bin:/bin", **TRAPS, **authorities, **own},
            cwd=folder / "a%20b #1",
            umask=0o077,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            **somebody,
        )
        assert done.returncode == 0, done.stdout
        assert "Traceback" not in done.stdout
        assert "imported" not in done.stdout
        return done.stdout

    assert "installing" in kaldra("up")
    # A request with the key that both containers and the user have to be able to read.
    assert kaldra("status").count("✓") >= 2
    with (folder / "clone/app/main.py").open("a") as source:
        source.write("\n# changed\n")
    assert "installing" not in kaldra("up")
    assert ask(port, "/status/")[0] == http.HTTPStatus.OK
    kaldra("down")
    assert [item for item in leftovers() if NAMESPACE in item] == []
    for service in ("core", "api"):
        docker("image", "rm", f"kaldra-{service}:{NAMESPACE}")
