"""Builds an image by BuildKit, through the docker client on PATH."""

import contextlib
import os
import selectors
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from kaldra.errors import KaldraError
from kaldra.plugins.docker.engine import CancelledError
from kaldra.plugins.docker.progress import Progress, Throttle

_CHECK_SECONDS = 0.2
_STATUS_SECONDS = 0.5
_STOP_SECONDS = 5.0
_RESERVED = ("PATH", "HOME")
"""Variables the docker client reads itself; so are those that begin with DOCKER or BUILDKIT."""


@dataclass(frozen=True)
class Recipe:
    """Everything one build takes. Paths are relative to the working directory."""

    image: str
    context: str
    dockerfile: str
    args: Mapping[str, str] = field(default_factory=dict)
    secret_args: frozenset[str] = frozenset()
    target: str = ""
    platform: str = ""
    network: str = ""
    buildkit: bool = True
    cache_from: tuple[str, ...] = ()
    add_hosts: tuple[str, ...] = ()

    def command(self, client: str, id_file: Path) -> list[str]:
        """The client's command line; values of secret arguments are left to the environment."""
        flags = {
            "--tag": [self.image],
            "--file": [self.dockerfile],
            "--iidfile": [str(id_file)],
            "--target": [self.target] * bool(self.target),
            "--platform": [self.platform] * bool(self.platform),
            "--network": [self.network] * bool(self.network),
            "--cache-from": list(self.cache_from),
            "--add-host": list(self.add_hosts),
            "--build-arg": [
                name if name in self._hidden() else f"{name}={value}"
                for name, value in sorted(self.args.items())
            ],
        }
        options = [part for flag, values in flags.items() for one in values for part in (flag, one)]
        plain = ["--progress", "plain"] if self.buildkit else []
        return [client, "build", *plain, *options, self.context]

    def environment(self, engine: Mapping[str, str]) -> dict[str, str]:
        """The client's environment: this engine, BuildKit, and the secret arguments."""
        hidden = {name: self.args[name] for name in self._hidden()}
        return {
            **os.environ,
            **hidden,
            **engine,
            "DOCKER_BUILDKIT": "1" if self.buildkit else "0",
            # A newer client builds where the engine is, without attestations of its own.
            "BUILDX_BUILDER": "default",
            "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",
        }

    def _hidden(self) -> frozenset[str]:
        own = {name for name in self.args if name.startswith(("DOCKER", "BUILDKIT", "BUILDX"))}
        return self.secret_args - own - set(_RESERVED)


def build(
    recipe: Recipe,
    engine: Mapping[str, str],
    cancelled: threading.Event,
    status: Callable[[str], None],
) -> str:
    """Build, and return the image's id.

    `engine` are the variables that lead the client to it; `status` is told what goes on. On
    `cancelled` the client is stopped, and with it the build. KaldraError with the step that
    failed and its last lines.
    """
    client = shutil.which("docker")
    if client is None:
        raise KaldraError(
            f"There is no docker client on PATH to build {recipe.image} with.",
            hint="./kaldra doctor",
        )
    progress, throttle = Progress(), Throttle(_STATUS_SECONDS)
    with tempfile.TemporaryDirectory(prefix="kaldra-build-") as folder:
        id_file = Path(folder, "image-id")
        with _running(recipe, recipe.command(client, id_file), engine) as process:
            for line in _lines(process, cancelled, f"building {recipe.image}"):
                shown = progress.feed(line)
                if shown and throttle.ready():
                    status(shown)
            code = process.wait()
        if code == 0 and id_file.exists():
            return id_file.read_text().strip()
    raise _failed(recipe, progress, client, code)


@contextlib.contextmanager
def _running(
    recipe: Recipe, command: list[str], engine: Mapping[str, str]
) -> Iterator["subprocess.Popen[bytes]"]:
    # In the plugin's own process group: what ends the plugin ends the build.
    process = subprocess.Popen(  # noqa: S603  the docker client
        command,
        env=recipe.environment(engine),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _lines(
    process: "subprocess.Popen[bytes]", cancelled: threading.Event, what: str
) -> Iterator[str]:
    assert process.stdout is not None  # noqa: S101  it was asked for
    stream: IO[bytes] = process.stdout
    rest, parent = b"", os.getppid()
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while True:
            # An engine that is killed says nothing: its build would go on for nobody.
            if cancelled.is_set() or os.getppid() != parent:
                raise CancelledError(what)
            if not selector.select(_CHECK_SECONDS):
                continue
            chunk = os.read(stream.fileno(), 65536)
            *lines, rest = (rest + chunk).split(b"\n")
            yield from (line.decode(errors="replace") for line in lines)
            if not chunk:
                break
    if rest:
        yield rest.decode(errors="replace")


def _failed(recipe: Recipe, progress: Progress, client: str, code: int) -> KaldraError:
    if progress.lacks_buildx:
        return KaldraError(
            f"The docker client {client} has no BuildKit: its buildx plugin is missing.",
            hint="Install docker-buildx (docker-buildx-plugin), or put an older client first on "
            "PATH; ./kaldra doctor shows which one is used.",
        )
    return KaldraError(
        f"Building {recipe.image} from {recipe.dockerfile} failed (exit code {code}) "
        f"{progress.failure()}"
    )
