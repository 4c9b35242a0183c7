"""What the script `kaldra` runs: makes `.venv` when it has to, then runs the command line in it.

Run as `python -I -X utf8 platform/kaldra/bootstrap.py`, so that nothing of the caller's reaches
this Python before `environment.enter`. Standard library only.
"""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

PLATFORM = Path(__file__).resolve().parents[1]
if __name__ == "__main__":  # isolated: nothing is on the path but the standard library
    sys.path.insert(0, str(PLATFORM))

from kaldra import environment, variables  # noqa: E402
from kaldra.paths import REPO, home, state  # noqa: E402
from kaldra.toolchain import commands  # noqa: E402

VENV = REPO / ".venv"
LOCK = REPO / "requirements.lock"
PIP_OPTIONS = ("--quiet", "--require-hashes", "--only-binary", ":all:")
PACKAGES = "kaldra.pth"
"""Puts this clone's packages on the import path of `.venv`, as an editable install does."""
MARKS = ("requirements.lock", "install.log")
"""Files of a `.venv` that this script made; another is never removed."""


def main() -> None:
    """Run the command line; from another Python than `.venv`'s, make that and start again."""
    _open_standard_streams()
    environment.enter()
    _require_search_paths()
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as SIGHUP is under nohup
            signal.signal(number, lambda received, _: sys.exit(128 + received))
    if not _inside():
        try:
            _ensure()
        except KeyboardInterrupt:
            sys.exit(128 + signal.SIGINT)
        except OSError as error:
            problem = f"{error.filename or VENV} cannot be used: {error.strerror}."
            _fail(problem, f"ls -ld {REPO}")
        python = str(VENV / "bin" / "python")
        os.execv(python, [python, "-I", "-X", "utf8", __file__, *sys.argv[1:]])  # noqa: S606
    from kaldra.cli.main import main as command_line  # noqa: PLC0415  needs .venv's packages

    command_line()


def _open_standard_streams() -> None:
    """Open /dev/null for those that the caller has closed: a file would take their number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            number = os.open(os.devnull, os.O_RDWR)  # the lowest that is free
            os.set_inheritable(number, True)  # noqa: FBT003
            setattr(sys, name, os.fdopen(number, mode))


def _require_search_paths() -> None:
    """Refuse folders that PATH cannot hold: it has programs of all of them."""
    for folder, what, remedy in (
        (REPO, "The path of this clone", "mv '{0}' '{1}'"),
        (state(), variables.STATE.name, "export KALDRA_STATE='{1}'"),
        (home(), variables.HOME.name, "export KALDRA_HOME='{1}'"),
    ):
        if os.pathsep in str(folder):
            other = str(folder).replace(os.pathsep, "-")
            _fail(
                f"{what}, {folder}, has a {os.pathsep!r}, which PATH cannot hold.",
                remedy.format(folder, other),
            )


def _inside() -> bool:
    """Whether this is the Python of a finished `.venv`."""
    return VENV.exists() and Path(sys.prefix).samefile(VENV) and _is_finished()


def _is_finished() -> bool:
    try:
        same = (VENV / "requirements.lock").read_bytes() == LOCK.read_bytes()
    except OSError:
        return False
    return same and all((folder / PACKAGES).exists() for folder in _site_packages())


def _site_packages() -> list[Path]:
    return list(VENV.glob("lib/python*/site-packages"))


def _works() -> bool:
    """Whether the environment's Python starts and finds the packages."""
    try:
        return _logged(None, VENV / "bin" / "python", "-I", "-c", "import typer, pulumi")
    except OSError:
        return False


def _ensure() -> None:
    """Make the environment unless another run has just done so."""
    with (REPO / ".venv.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not (_is_finished() and _works()):
            _make()


def _make() -> None:
    # This Python, outside of an older environment.
    own = str(getattr(sys, "_base_executable", sys.executable))
    python = shutil.which(variables.PYTHON.value) or own
    _require_venv_module(python)
    packages = LOCK.read_text(encoding="utf-8").count("==")
    sys.stderr.write(f"… Python environment: installing {packages} packages of {LOCK.name}\n")
    _remove()
    VENV.mkdir()
    log = VENV / "install.log"
    log.touch()
    if not _logged(log, python, "-I", "-m", "venv", VENV):
        _fail(f"Could not create {VENV}.", f"Is the disk full? df -h {REPO}", log)
    for folder in _site_packages():
        # Relative to this folder, so that the clone can be moved.
        (folder / PACKAGES).write_text("../../../..\n../../../../platform\n", encoding="utf-8")
    if not _install(log):
        _fail(
            "Installing the Python packages failed (see above).",
            "Check that this machine reaches a Python package index, then run the same command "
            "again.",
            log,
        )
    if not _works():
        problem = f"The packages in {VENV} cannot be imported."
        _fail(problem, f"rm -rf {VENV}, then run it again", log)
    # Last: an environment without this copy is unfinished, and is made again.
    shutil.copyfile(LOCK, VENV / LOCK.name)


def _remove() -> None:
    """Remove the old environment; raises SystemExit where it is not one of this script's."""
    if VENV.is_symlink():
        VENV.unlink()
    elif VENV.exists():
        if any(VENV.iterdir()) and not any((VENV / mark).exists() for mark in MARKS):
            _fail(
                f"{VENV} was not made by ./kaldra, which keeps its Python packages there.",
                f"Keep it elsewhere, then run the same command again: mv {VENV} {VENV}.old",
            )
        shutil.rmtree(VENV)


def _install(log: Path) -> bool:
    """Install the lock by uv, which it holds and which is many times faster, else by pip."""
    python = VENV / "bin" / "python"
    pip = (python, "-I", "-m", "pip", "install", "--no-compile", *PIP_OPTIONS, "-r")
    own = VENV / "uv.lock"
    found = re.search(r"^uv==.*(?:\n\s.*)*", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    own.write_text(found[0] if found else "", encoding="utf-8")
    index = next((one.value for one in variables.INDEXES if one.value), "")
    fast = _logged(log, *pip, own) and _logged(
        log,
        *(VENV / "bin" / "uv", "pip", "install", *PIP_OPTIONS, "-r", LOCK),
        *("--native-tls", "--no-config", "--python", python),
        **({"UV_INDEX_URL": index} if index else {}),
    )
    # pip reads settings that uv does not: a mirror, a proxy, a client certificate.
    return fast or _logged(log, *pip, LOCK)


def _require_venv_module(python: str) -> None:
    """Raise SystemExit where this Python cannot make virtual environments, nor be helped to."""
    if _logged(None, python, "-I", "-c", "import ensurepip"):
        return
    if os.geteuid() == 0 and Path("/etc/debian_version").exists():
        sys.stderr.write("… Python lacks its venv module; installing python3-venv\n")
        for command in (("update",), ("install", "-y", "python3-venv")):
            _logged(None, "apt-get", *command, DEBIAN_FRONTEND="noninteractive")
    if not _logged(None, python, "-I", "-c", "import ensurepip"):
        problem = f"{python} cannot make virtual environments."
        _fail(problem, "apt-get install python3-venv")


def _logged(log: Path | None, *command: str | Path, **variables: str) -> bool:
    """Run a program, its output at the end of the log; returns whether it succeeded."""
    done = commands.captured(command, env={**os.environ, **variables}, stderr=subprocess.STDOUT)
    with (log or Path(os.devnull)).open("a", encoding="utf-8") as output:
        output.write(done.stdout)
    return done.returncode == 0


def _fail(message: str, hint: str, log: Path | None = None) -> NoReturn:
    tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:] if log else []
    sys.stderr.write("".join(f"{line}\n" for line in (*tail, f"✗ {message}", f"  → {hint}")))
    sys.exit(2)


if __name__ == "__main__":
    main()
