"""The Docker Engine: the one that runs, the one that only needs starting, or a fresh install."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from kaldra import variables
from kaldra.errors import ConfigurationError, KaldraError
from kaldra.paths import home
from kaldra.progress import Progress, Step
from kaldra.toolchain import docker_client
from kaldra.toolchain.commands import run
from kaldra.toolchain.docker_cli import docker_program
from kaldra.toolchain.files import locked
from kaldra.toolchain.machine import Machine, machine

START_SECONDS = 60
STOP_SECONDS = 30
REDUCED_RUNTIME = "runc-reduced"
DEBIAN_PACKAGES = ("docker.io", "iptables", "ca-certificates")
SYSTEM_PID_FILES = {
    Path("/var/run/docker.pid"): "dockerd",
    Path("/var/run/docker/containerd/containerd.pid"): "containerd",
}
"""Files that stop a new engine, or mislead it, when what they name was killed."""
NETWORK_STORE = "/var/lib/docker/network/files/local-kv.db"
NETWORK_PANIC = "libnetwork.(*controller).reservePools"
"""In the log of a dockerd that was killed while it deleted a network."""
DAEMON_CONFIGURATION = Path("/etc/docker/daemon.json")
LOCK_WAIT_SECONDS = 300
APT = (
    *("apt-get", "-o", f"DPkg::Lock::Timeout={LOCK_WAIT_SECONDS}"),
    *("-o", "Acquire::Retries=3"),
)
APT_HINT = "Check this machine's package sources: apt-get update"


def engine_version() -> str | None:
    """Version of the engine that answers, or None. ConfigurationError where it is not Docker's."""
    try:
        with docker_client.engine() as api:
            found = api.version()
    except docker_client.UnavailableError:
        return None
    if any("Podman" in part.get("Name", "") for part in found.get("Components") or ()):
        raise ConfigurationError(
            f"What answers at {docker_client.address()} is Podman, which is not supported: kind "
            "nodes and builds with BuildKit need a Docker Engine.",
            hint="Start a Docker Engine, and: export DOCKER_HOST=unix:///var/run/docker.sock",
        )
    return str(found["Version"])


def ensure_engine(progress: Progress, *, assume_yes: bool) -> Path:
    """Find, start or install a Docker Engine; returns a client that can build with BuildKit.

    Raises ConfigurationError (exit 2) with the command to type where installing needs a decision,
    KaldraError where the engine does not come up.
    """
    if engine_version() is None:
        if variables.DOCKER_HOST.value:
            raise KaldraError(
                f"No Docker Engine answers at DOCKER_HOST={variables.DOCKER_HOST.value}.",
                hint="Start it, or: unset DOCKER_HOST",
            )
        if not shutil.which("dockerd"):
            _install(progress, assume_yes=assume_yes)
        with progress.step("Docker Engine") as step, locked("docker-engine"):
            # Its package, or another run, may have started it meanwhile.
            if engine_version() is None:
                _start(step)
            step.done(f"{engine_version()}, started")
    return docker_program()


def stop_engine(progress: Progress) -> bool:
    """Stop the dockerd that `up` started, unless it runs anything; tells whether it stopped."""
    pid = started_engine()
    if pid is None:
        return False
    running = docker_client.containers(everything=False)
    if running:
        names = ", ".join(sorted(item["Names"][0].lstrip("/") for item in running)[:5])
        progress.note(f"The Docker Engine stays up: it also runs {names}.")
        return False
    with progress.step("Docker Engine") as step:
        os.kill(pid, signal.SIGTERM)
        _wait(lambda: started_engine() is None, STOP_SECONDS, "The Docker Engine did not stop")
        _pid_file().unlink(missing_ok=True)
        step.done("stopped")
    return True


def started_engine() -> int | None:
    """Process id of the dockerd that `up` started, if it still runs."""
    pid, name = _process(_pid_file())
    return pid if name == "dockerd" else None


def _install(progress: Progress, *, assume_yes: bool) -> None:
    """Install Debian's Docker Engine where that is ours to decide."""
    here = machine()
    command = f"apt-get install -y {' '.join(DEBIAN_PACKAGES)}"
    if not here.debian or here.system != "linux":
        raise ConfigurationError(
            "No Docker Engine was found, and this system is not of the Debian family.",
            hint="Install Docker Engine or Docker Desktop, start it, and run the command again.",
        )
    if not here.root:
        raise ConfigurationError(
            "No Docker Engine was found, and installing one needs root.",
            hint=f'sudo {command} && sudo usermod -aG docker "$USER"',
        )
    if here.terminal and not assume_yes:
        answer = input(f"No Docker Engine was found. Run `{command}` now? [y/N] ")
        if answer.strip().lower() not in ("y", "yes"):
            raise ConfigurationError("Docker was not installed.", hint=f"{command}  (or: --yes)")
    with progress.step("Docker Engine · install") as step:
        install_packages(DEBIAN_PACKAGES, step)


def install_packages(packages: tuple[str, ...], step: Step) -> None:
    """Install Debian packages without asking or removing any; waits for another apt to finish."""
    update_lists(step)
    # In runlevel 1 a package does not start its service by itself, before it is configured.
    run(
        [*APT, "install", "-y", "--no-install-recommends", "--no-remove", *packages],
        what=f"Installing {', '.join(packages)}",
        env={"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"},
        each_line=lambda line: step.update(line[:60]),
        hint=APT_HINT,
    )


def update_lists(step: Step) -> None:
    """Read the package sources; waits for another apt to finish."""
    deadline = time.monotonic() + LOCK_WAIT_SECONDS
    while True:
        try:
            run([*APT, "update"], what="apt-get update", hint=APT_HINT)
        except KaldraError as error:
            # The lock of the lists is the one that apt itself does not wait for.
            if "Could not get lock" not in str(error) or time.monotonic() > deadline:
                raise
            step.update("waiting for another apt-get")
            time.sleep(2)
        else:
            return


def _start(step: Step) -> None:
    here = machine()
    if here.system != "linux":
        raise KaldraError("The Docker Engine is not running.", hint="Start Docker Desktop.")
    if here.systemd:
        hint = "sudo systemctl start docker"
        run(["systemctl", "start", "docker"], what="Starting Docker", hint=hint)
    elif not here.root:
        raise KaldraError("The Docker Engine is not running.", hint="sudo dockerd &")
    elif not _is_coming_up():
        _start_detached(here)
    step.update("waiting for its socket")
    _wait(
        lambda: engine_version() is not None,
        START_SECONDS,
        "The Docker Engine did not come up",
        alive=lambda: here.systemd or _is_coming_up() or bool(_process(_pid_file())[0]),
    )


def _is_coming_up() -> bool:
    """Whether a dockerd runs that has not opened its socket yet; a second one would harm it."""
    return any(_process(file)[1] == "dockerd" for file in (_pid_file(), *SYSTEM_PID_FILES))


def _start_detached(here: Machine) -> None:
    """Start dockerd as a process of its own that outlives this command."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    for file, name in SYSTEM_PID_FILES.items():
        if _process(file)[1] != name:
            file.unlink(missing_ok=True)
    command = ["dockerd", "--pidfile", str(folder / "docker.pid")]
    (folder / "docker.pid").unlink(missing_ok=True)
    if here.missing_capabilities:
        command += ["--config-file", str(_reduced_configuration(folder))]
    with _log().open("ab") as log:
        process = subprocess.Popen(  # noqa: S603
            command,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    process.returncode = 0  # not a child to be waited for: it outlives this process
    _pid_file().write_text(f"{process.pid}\n", encoding="ascii")


def _reduced_configuration(folder: Path) -> Path:
    """The host's daemon.json plus a runtime that asks only for capabilities this host has."""
    wrapper = folder / REDUCED_RUNTIME
    source = Path(__file__).parent / "data" / REDUCED_RUNTIME
    wrapper.write_bytes(source.read_bytes())
    wrapper.chmod(0o755)
    own = DAEMON_CONFIGURATION
    configuration = json.loads(own.read_text(encoding="utf-8")) if own.exists() else {}
    configuration.setdefault("runtimes", {})[REDUCED_RUNTIME] = {"path": str(wrapper)}
    configuration["default-runtime"] = REDUCED_RUNTIME
    path = folder / "daemon.json"
    path.write_text(json.dumps(configuration, indent=2), encoding="utf-8")
    return path


def _folder() -> Path:
    return home() / "engine"


def _pid_file() -> Path:
    return _folder() / "started.pid"


def _log() -> Path:
    return _folder() / "dockerd.log"


def _process(file: Path) -> tuple[int, str]:
    """Id, as the file has it, and name of a process; zero and "" where it has ended."""
    try:
        pid = int(file.read_text(encoding="ascii"))
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return 0, ""
    name, _, rest = status.partition("(")[2].rpartition(")")
    return (0, "") if rest.split()[0] in "ZX" else (pid, name)


def _wait(
    condition: Callable[[], bool],
    seconds: float,
    failure: str,
    alive: Callable[[], bool] = lambda: True,
) -> None:
    """Wait until it is so; raises KaldraError with the end of dockerd's log."""
    deadline = time.monotonic() + seconds
    while not condition():
        if not alive() or time.monotonic() > deadline:
            lines = _log().read_text(errors="replace").splitlines() if _log().exists() else []
            tail = "".join(f"\n  {line}" for line in lines[-8:])
            hint = f"See {_log()}"
            if any(NETWORK_PANIC in line for line in lines[-40:]):
                hint = f"A network was half deleted: rm {NETWORK_STORE} (networks are made again)."
            raise KaldraError(f"{failure}.{tail}", hint=hint)
        time.sleep(0.1)
