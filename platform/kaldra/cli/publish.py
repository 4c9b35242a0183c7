"""`./kaldra publish`: create a multi-architecture tag from images pushed per architecture.

`kaldra-api:<tag>` becomes a manifest list of `kaldra-api:<tag>-amd64` and so on. Prints one line,
`images=` and a JSON list, as an output of a workflow step.
"""

import json
from contextlib import suppress
from pathlib import Path

from kaldra.cli.ui import Console
from kaldra.errors import KaldraError
from kaldra.release import naming, pushing
from kaldra.stack.services import SERVICES
from kaldra.toolchain.commands import run as run_command
from kaldra.toolchain.docker_cli import docker_program
from kaldra.toolchain.docker_client import is_local
from kaldra.toolchain.engine import ensure_engine


def run(console: Console, *, tag: str, registry: str, architectures: list[str] | None) -> None:
    """Create the manifest list of each service; print its name and all digests."""
    naming.checked_tag(tag)
    registry = naming.checked_registry(registry)
    architectures = architectures or ["amd64", "arm64"]
    ensure_engine(console, assume_yes=False)
    published = []
    for service in SERVICES:
        name = f"{registry}/{service.name}"
        with console.step(f"publish {name}:{tag}") as step:
            digest = _join(f"{name}:{tag}", architectures)
            step.done(digest)
        members = {one: _digest(f"{name}:{tag}-{one}") for one in architectures}
        published.append(
            {"service": service.key, "name": name, "digest": digest, "architectures": members}
        )
    print(f"images={json.dumps(published)}", flush=True)  # noqa: T201  the verb's result


def _join(name: str, architectures: list[str]) -> str:
    """Push the manifest list of the images per architecture; return its digest."""
    host = name.partition("/")[0]
    with suppress(KaldraError):  # left over from an interrupted run
        command: list[str | Path] = [docker_program(), "manifest", "rm", name]
        run_command(command, what=f"Removing manifest list {name}", env=_ENV)
    members = [f"{name}-{architecture}" for architecture in architectures]
    _manifest(host, "create", name, *members)
    command = [docker_program(), "manifest", "push", "--purge", *_insecure(host), name]
    return pushing.pushed_digest(command, f"Pushing {name}", host, lambda _: None)


def _digest(image: str) -> str:
    said = _manifest(image.partition("/")[0], "inspect", "--verbose", image)
    found = json.loads(said[said.index("{") :])
    return str(found["Descriptor"]["digest"])


def _manifest(host: str, verb: str, *arguments: str) -> str:
    command: list[str | Path] = [docker_program(), "manifest", verb, *_insecure(host), *arguments]
    try:
        return run_command(command, what=f"docker manifest {verb} {arguments[-1]}", env=_ENV)
    except KaldraError as error:
        raise pushing.explained(str(error), host) from error


def _insecure(host: str) -> list[str]:
    """A registry on this machine has no TLS."""
    return ["--insecure"] if is_local(host) else []


_ENV = {"DOCKER_CLI_EXPERIMENTAL": "enabled"}
"""Older clients need it for manifest lists."""
