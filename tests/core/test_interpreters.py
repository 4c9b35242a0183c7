"""Newer Pythons give the same bytes: each found one runs the kernel on what the lock pins.

Its environment is kept in KALDRA_HOME, by version and lock. KALDRA_OTHER_PYTHONS names the
interpreters instead of PATH and pyenv (separated as in PATH); a named one may not be missing.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from kaldra.paths import home
from tests.core.everything import results
from tests.processes import REPO

pytestmark = [pytest.mark.interpreters, pytest.mark.timeout(1200)]

LOCK = REPO / "requirements.lock"
PLATFORM_SECTION = "# --- platform\n"
VERSIONS = tuple(f"3.{minor}" for minor in range(11, 16))
NAMED = "KALDRA_OTHER_PYTHONS"
PATIENCE_SECONDS = 900


def _version(python: str) -> str:
    """Full version of an interpreter; nothing where it does not run, as an idle pyenv shim."""
    script = "import ensurepip, platform; print(platform.python_version())"
    try:
        answer = subprocess.run(
            [python, "-c", script], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""


def _candidates() -> list[str]:
    if NAMED in os.environ:
        return [path for path in os.environ[NAMED].split(os.pathsep) if path]
    found = [path for version in VERSIONS if (path := shutil.which(f"python{version}"))]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv", "versions")
    return found + [str(path) for path in sorted(pyenv.glob("3.*/bin/python"))]


def _others() -> dict[str, str]:
    """An interpreter of each minor version but this one's, by version."""
    own = ".".join(map(str, sys.version_info[:2]))
    others: dict[str, str] = {}
    for python in _candidates():
        version = _version(python)
        minor = ".".join(version.split(".")[:2])
        if minor in VERSIONS and minor != own:
            others.setdefault(minor, python)
    return others


def _environment(python: str, version: str) -> Path:
    """Interpreter of an environment with what the services need; made where it is missing."""
    services = LOCK.read_text(encoding="utf-8").split(PLATFORM_SECTION)[0]
    digest = hashlib.sha256(services.encode()).hexdigest()[:12]
    kept = home() / "interpreters" / f"{version}-{digest}"
    if (kept / "complete").exists():
        return kept / "bin" / "python"
    kept.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(kept, ignore_errors=True)
    _run([python, "-m", "venv", str(kept)])
    with tempfile.TemporaryDirectory() as scratch:
        wanted = Path(scratch, "requirements.txt")
        wanted.write_text(services, encoding="utf-8")
        pip = [str(kept / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        pinned = ["--require-hashes", "--only-binary", ":all:", "-r", str(wanted)]
        _run([*pip, "--disable-pip-version-check", *pinned])
    (kept / "complete").touch()
    return kept / "bin" / "python"


def _run(command: list[str], **environment: str) -> bytes:
    done = subprocess.run(
        command,
        cwd=REPO,
        env={**os.environ, **environment},
        capture_output=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def others() -> dict[str, Path]:
    found = _others()
    if NAMED in os.environ:
        assert len(found) == len(_candidates()), f"{NAMED}: found only {found}"
    if not found:
        pytest.skip(f"no other Python of {', '.join(VERSIONS)} is on PATH, in pyenv or {NAMED}")
    return {minor: _environment(path, _version(path)) for minor, path in found.items()}


def test_every_python_gives_the_same_bytes(kernel, others):
    here = b"".join(each + b"\n" for each in results(kernel))
    assert len(here) > 1_000_000
    script = str(Path(__file__).with_name("everything.py"))
    for minor, python in others.items():
        there = _run([str(python), script], PYTHONHASHSEED="369", PYTHONPATH=str(REPO))
        assert there == here, f"Python {minor}"


def test_the_services_load_on_every_python(others):
    for python in others.values():
        environment = {"KALDRA_AUTH": "off", "KALDRA_ENV_FILE": os.devnull, "PYTHONPATH": str(REPO)}
        _run([str(python), "-W", "error", "-c", "import app.main, core.service"], **environment)
