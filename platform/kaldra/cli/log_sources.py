"""Where log lines come from: pods through kubectl, containers through the Docker SDK.

Both have the same few operations; what `logs` does with them is the same for every target.
"""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kaldra.cli import containers, kubectl
from kaldra.cli.log_records import instant
from kaldra.cli.workspace import Workspace
from kaldra.errors import KaldraError
from kaldra.stack.services import SERVICES
from kaldra.toolchain import docker_client

_POD = (
    r"{.metadata.name} {.metadata.labels.app\.kubernetes\.io/name} "
    r'{.status.containerStatuses[*].containerID}{"\n"}'
)
"""A line for a pod: name, service, and the ids of containers that were started."""


@dataclass(frozen=True)
class Source:
    """A pod or a container; one that replaces another has an id of its own."""

    id: str
    name: str
    service: str
    """Name of the service, such as "kaldra-api"."""


@dataclass(frozen=True)
class Span:
    """Which lines of a source are read."""

    tail: int | None = None
    """At most so many, the last ones."""
    since: datetime | None = None
    """Not older than this; both runtimes round down to seconds."""
    previous: bool = False
    """Of the run before the last restart."""
    follow: bool = False


class GoneError(KaldraError):
    """The source does not exist any more."""


class Pods:
    """Pods of a stack's services. One kubectl process for each that is read."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._running: set[subprocess.Popen[str]] = set()

    def present(self) -> list[Source]:
        """Those whose containers were started."""
        every = "--output=jsonpath={range .items[*]}" + _POD + "{end}"
        lines = kubectl.read(self._workspace, "get", "pods", kubectl.SELECTOR, every).splitlines()
        return [source for line in lines if (source := _source(line))]

    def started(self) -> Iterator[Source]:
        """Those that are present, then each one that changes; ends when the connection does."""
        watch = ("get", "pods", kubectl.SELECTOR, "--watch", f"--output=jsonpath={_POD}")
        for line in self._lines(*watch):
            if source := _source(line):
                yield source

    def read(self, source: Source, span: Span) -> Iterator[str]:
        """Lines of the service's container, each behind its timestamp. Raises GoneError."""
        options = [f"--container={source.service}", "--timestamps"]
        options += [f"--tail={span.tail}"] if span.tail is not None else []
        options += [f"--since-time={span.since.isoformat()}"] if span.since else []
        options += ["--previous"] * span.previous + ["--follow"] * span.follow
        try:
            yield from self._lines("logs", source.name, *options)
        except KaldraError as error:
            if not (span.previous and "previous terminated container" in str(error)):
                raise

    def close(self) -> None:
        """End what `started` and `read` have open in other threads."""
        for process in tuple(self._running):
            process.terminate()

    def _lines(self, *arguments: str) -> Iterator[str]:
        with tempfile.TemporaryFile() as said:
            with subprocess.Popen(  # noqa: S603  the client that `up` chose
                kubectl.command(self._workspace, *arguments),
                stdout=subprocess.PIPE,
                stderr=said,
                encoding="utf-8",
                errors="replace",
            ) as process:
                self._running.add(process)
                try:
                    yield from process.stdout or ()
                finally:
                    process.terminate()
                    self._running.discard(process)
            said.seek(0)
            text = said.read().decode(errors="replace").strip()
        if "(NotFound)" in text:
            raise GoneError(text)
        if process.returncode > 0:
            raise KaldraError(f"kubectl {arguments[0]}: {text}", hint="./kaldra doctor")


class Containers:
    """Containers of a stack on Docker alone; has what `Pods` has."""

    def __init__(self, workspace: Workspace) -> None:
        namespace = workspace.settings.namespace
        self._services = {service.container_name(namespace): service.name for service in SERVICES}

    def present(self) -> list[Source]:
        """Those that exist."""
        found = {name: docker_client.container(name) for name in self._services}
        return [
            Source(container["Id"], name, self._services[name])
            for name, container in found.items()
            if container
        ]

    def started(self) -> Iterator[Source]:
        """Those that are present, then each one that starts."""
        filters = {"type": "container", "event": "start", "container": list(self._services)}
        with docker_client.engine() as api:
            # From before those present are looked at.
            events = api.events(decode=True, filters=filters)
            yield from self.present()
            for event in events:
                name = event["Actor"]["Attributes"]["name"]
                yield Source(event["Actor"]["ID"], name, self._services[name])

    def read(self, source: Source, span: Span) -> Iterator[str]:
        """Lines of all its runs, which Docker keeps in one log. Raises GoneError."""
        found = docker_client.container(source.id)
        if found is None:
            raise GoneError(f"Container {source.name} is gone.")
        options: dict[str, Any] = {"tail": "all" if span.tail is None else span.tail}
        options |= {"since": int(span.since.timestamp())} if span.since else {}
        if span.previous:
            options["until"] = instant(found["State"]["StartedAt"]).timestamp()
        with docker_client.engine() as api:
            frames = api.logs(
                source.id, stream=True, timestamps=True, follow=span.follow, **options
            )
            with closing(frames):
                yield from _split(frames)

    def close(self) -> None:
        """Nothing: readers in other threads end with the process."""


Sources = Pods | Containers


@contextmanager
def opened(stack: str) -> Iterator[Sources]:
    """The sources of a stack. Raises KaldraError where none is there."""
    workspace = Workspace.open(stack)
    sources: Sources
    if workspace.settings.target == "local":
        containers.require_engine(workspace)
        sources = Containers(workspace)
    else:
        sources = Pods(workspace)
    if not sources.present():
        raise KaldraError(f"Stack {stack} is not deployed.", hint=f"./kaldra up --stack {stack}")
    with closing(sources):
        yield sources


def _source(line: str) -> Source | None:
    """The pod that a line of kubectl tells of, once one of its containers was started."""
    name, service, *ids = line.split()
    return Source(name, name, service) if ids else None


def _split(frames: Iterator[bytes]) -> Iterator[str]:
    """Lines of a stream whose frames end anywhere."""
    rest = b""
    for frame in frames:
        *lines, rest = (rest + frame).split(b"\n")
        yield from (line.decode(errors="replace") for line in lines)
    if rest:
        yield rest.decode(errors="replace")
