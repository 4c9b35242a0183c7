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

import pytest

from tests.conftest import unused_port
from tests.e2e.clone import TRAPS, ask, copy_of_repo, write_stack
from tests.e2e.docker import docker
from tests.e2e.machine import NAME

STACK = "e2e-user"
CACHED = ("built", "downloaded")
SYSTEM_PYTHON = Path("/usr/bin/python3")


class User:
    """Somebody else than root, who may talk to Docker, with a clone and a cache of their own."""

    def __init__(self, root: Path, port: int) -> None:
        self.clone = root / "clone"
        self.home = root / "home"
        self.elsewhere = root / "a%20b #1"
        self.port = port
        self.options = {}
        copy_of_repo(self.clone)
        (self.clone / ".venv").unlink()
        names = {"namespace": f"{NAME}-user", "imageTag": f"{NAME}-user"}
        write_stack(self.clone, STACK, target="local", **names, apiPort=port)
        self.elsewhere.mkdir()
        for module in ("secrets", "token", "types", "email", "pulumi"):
            (self.elsewhere / f"{module}.py").write_text("raise SystemExit('imported')")
        (self.elsewhere / "kaldra").symlink_to(self.clone / "kaldra")
        cache = Path(os.environ.get("KALDRA_HOME") or Path.home() / ".cache/kaldra")
        own = self.home / ".cache/kaldra"
        own.mkdir(parents=True)
        for name in CACHED:
            if (cache / name).is_dir():
                # Files are linked: another user can read them, and not write.
                shutil.copytree(cache / name, own / name, copy_function=os.link, symlinks=True)
        # A tool whose Python only another user may run, and an `up` that cleans.
        (root / "closed").mkdir(mode=0)
        tool = own / "built" / "closed-1"
        tool.mkdir(parents=True, exist_ok=True)
        (tool / "python").symlink_to(root / "closed" / "python")
        state = self.clone / ".kaldra"
        state.mkdir(exist_ok=True)
        (state / "former-images").write_text("-1000")
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            group = grp.getgrnam("docker").gr_gid
            self.options = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [group]}
            for folder, _, files in os.walk(root):
                os.chown(folder, nobody.pw_uid, nobody.pw_gid)
                for name in () if Path(folder).is_relative_to(own) else files:
                    os.chown(
                        Path(folder) / name, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False
                    )
            root.chmod(0o755)

    def kaldra(self, verb: str) -> str:
        """`kaldra VERB`, by a link, in a folder of its own, in an environment full of traps."""
        authorities = {k: v for k, v in os.environ.items() if k in {"SSL_CERT_FILE", "PIP_CERT"}}
        own = {"HOME": str(self.home), "KALDRA_PYTHON": str(SYSTEM_PYTHON)}
        done = subprocess.run(
            [self.elsewhere / "kaldra", verb, "--stack", STACK],
            env={"PATH": ".:bin:/usr/bin:/bin", **TRAPS, **authorities, **own},
            cwd=self.elsewhere,
            umask=0o077,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            **self.options,
        )
        assert done.returncode == 0, done.stdout
        assert "Traceback" not in done.stdout
        assert "imported" not in done.stdout
        return done.stdout


@pytest.fixture(scope="module")
def user() -> Iterator[User]:
    if os.geteuid() == 0:
        known = {group.gr_name for group in grp.getgrall()}
        if "docker" not in known:
            pytest.skip("no group here gives an ordinary user the Docker Engine")
        usable = subprocess.run(
            [SYSTEM_PYTHON, "-c", "import ensurepip, sys; sys.exit(sys.version_info < (3, 11))"],
            user="nobody",
            check=False,
        )
        if usable.returncode != 0:
            pytest.skip(f"no Python at {SYSTEM_PYTHON} that an ordinary user may run")
    # Not below pytest's own folder, which only its user may enter.
    with tempfile.TemporaryDirectory(prefix="kaldra-e2e-") as folder:
        yield User(Path(folder), unused_port())


def test_up_a_change_and_down(user: User) -> None:
    assert "installing" in user.kaldra("up")
    assert ask(user.port, "/status/")[0] == http.HTTPStatus.OK
    # A request with the key that both containers and the user have to be able to read.
    assert user.kaldra("status").count("✓") >= 2

    source = user.clone / "app/main.py"
    source.write_text(source.read_text() + "\n# changed\n")
    said = user.kaldra("up")
    assert "installing" not in said
    assert ask(user.port, "/status/")[0] == http.HTTPStatus.OK

    user.kaldra("down")
    assert docker("container", "ls", "--all", "--quiet", "--filter", f"name={NAME}-user") == ""
    for service in ("core", "api"):
        docker("image", "rm", f"kaldra-{service}:{NAME}-user")
