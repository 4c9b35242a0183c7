"""`./kaldra dev`: each save goes into the running containers, and is served in a moment."""

import base64
import hashlib
import socketserver
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from importlib.metadata import files as files_of
from pathlib import Path
from typing import Any

from kaldra.cli import instances, live
from kaldra.cli.instances import Instance
from kaldra.cli.live import EndedError, Session
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.cluster.ports import require_free
from kaldra.errors import KaldraError
from kaldra.paths import REPO, state
from kaldra.stack.services import SERVICES, Service, named

LOOK_SECONDS = 0.2
AGAIN_SECONDS = 5.0
"""After a container took no request."""

IN_IMAGES = (REPO / "data", REPO / "platform" / "images")
LOCK = REPO / "requirements.lock"
"""What images are built of, beside the code."""

DEBUGGER_PORT = 5678
"""Editors' default for debugpy."""

Answer = Mapping[str, Any]


def run(
    console: Console, *, stack: str, services: list[str] | None, restore: bool, debug: str | None
) -> None:
    """Serve each save until Ctrl+C, which leaves what is served; or return to the images' code."""
    workspace = Workspace.open(stack)
    instances.require_live(workspace)
    chosen = tuple(named(name) for name in services or ()) or SERVICES
    debugged = named(debug) if debug else None
    if not any(one.service in chosen for one in instances.running(workspace)):
        raise KaldraError(f"Stack {stack} does not run.", hint=f"./kaldra up --stack {stack}")
    with closing(Fleet(workspace, console, chosen, debugged)) as fleet:
        with suppress(KeyboardInterrupt):
            if restore:
                fleet.restore()
            else:
                attachable = debugged and _forwarded(workspace, console, debugged)
                with attachable or nullcontext():
                    fleet.serve_saves()
        if fleet.is_live:
            console.note(
                f"The edited code is served on. Back: ./kaldra dev --stack {stack} --restore"
            )


@dataclass
class Fleet:
    """The running containers of some services, each with an open receiver."""

    workspace: Workspace
    console: Console
    services: Sequence[Service] = SERVICES
    debugged: Service | None = None
    _sessions: dict[Instance, Session] = field(default_factory=dict, init=False)
    _failed: dict[Instance, float] = field(default_factory=dict, init=False)
    """When to retry instances that did not accept a request; each is reported once."""

    @property
    def _marker(self) -> Path:
        return state() / f"{self.workspace.stack}.live"

    @property
    def is_live(self) -> bool:
        """Whether changed code was sent since the last `restore`."""
        return self._marker.exists()

    def serve_saves(self) -> None:
        """Have each save served; does not return."""
        code = {folder for service in self.services for folder in _code(service)}
        changes = live.changes({*code, *IN_IMAGES}, LOOK_SECONDS)
        next(changes)  # from here on none is missed
        lock = LOCK.stat().st_mtime_ns
        with closing(instances.Watcher(self.workspace)) as watcher:
            self._each(self._opened(), self._bring_up_to_date)
            names = ", ".join(service.name for service in self.services)
            self.console.note(f"live: {names} at {self.workspace.settings.url} (Ctrl+C ends it)")
            for changed in changes:
                gone = any(session.ended for session in self._sessions.values())
                again = any(moment < time.monotonic() for moment in self._failed.values())
                if watcher.changed or gone or again:
                    self._each(self._opened(), self._bring_up_to_date)
                before, lock = lock, LOCK.stat().st_mtime_ns
                parts = [*changed, *[LOCK] * (lock != before)]
                if built := live.within((*IN_IMAGES, LOCK), parts):
                    self.console.warn(
                        f"{', '.join(built)} changed, which images are built with: "
                        f"./kaldra up --stack {self.workspace.stack}"
                    )
                for service in self.services:
                    if paths := live.within(_code(service), changed):
                        self._write(service, paths)

    def differing(self) -> dict[str, Sequence[str]]:
        """Paths that are not as in the image, by the name of the pod or container."""
        answers = self._each(self._opened(), lambda instance: self._sessions[instance].state())
        return {i.name: answer["differing"] for i, answer in answers.items() if answer["differing"]}

    def restore(self) -> None:
        """Return to the images' code."""

        def back(instance: Instance) -> Answer:
            found = self._sessions[instance].state()
            if found["differing"] or found["debugged"]:
                return self._request(instance, ["the image"], restore=True)
            return {}

        self._each(self._opened(), back)
        self._marker.unlink(missing_ok=True)

    def close(self) -> None:
        """End every receiver."""
        for session in self._sessions.values():
            session.close()

    def _opened(self) -> list[Instance]:
        """Those that take requests from now on; receivers of those that are gone are closed."""
        found = instances.found(self.workspace)
        for gone in [i for i, s in self._sessions.items() if i not in found or s.ended]:
            self._sessions.pop(gone).close()
        self._failed = {i: again for i, again in self._failed.items() if i in found}
        now = time.monotonic()
        new = [
            instance
            for instance in sorted(found - self._sessions.keys())
            if instance.service in self.services and self._failed.get(instance, now) <= now
        ]
        self._sessions |= {one: Session(one.receiver(self.workspace)) for one in new}
        return new

    def _write(self, service: Service, paths: Sequence[str]) -> None:
        self._marker.touch()
        began, files = time.monotonic(), _contents(paths)
        some = [instance for instance in self._sessions if instance.service is service]
        if answers := self._each(some, lambda i: self._sessions[i].request(write=files)):
            worst = max(answers.values(), key=lambda answer: "error" in answer)
            live.tell(self.console, service.name, paths, began, worst)

    def _bring_up_to_date(self, instance: Instance) -> Answer:
        served, here = self._sessions[instance].state()["files"], digests(instance.service)
        answer: Answer = {}
        if paths := sorted({path for path, _ in served.items() ^ here.items()}):
            answer = self._request(instance, paths, write=_contents(paths))
        if instance.service is self.debugged:
            answer = self._request(instance, ["debugpy"], debug=debugpy())
        return answer

    def _request(self, instance: Instance, what: Sequence[str], **message: Any) -> Answer:
        """Have one container serve other code; a line tells of it."""
        self._marker.touch()
        began = time.monotonic()
        answer = self._sessions[instance].request(**message)
        live.tell(self.console, instance.name, what, began, answer)
        return answer

    def _each(
        self, some: Sequence[Instance], ask: Callable[[Instance], Answer]
    ) -> dict[Instance, Answer]:
        """Answers of those that still run, asked side by side."""

        def one(instance: Instance) -> Answer | None:
            try:
                answer = ask(instance)
            except EndedError as error:
                told = instance in self._failed
                self._failed[instance] = time.monotonic() + AGAIN_SECONDS
                if not told and instance in instances.found(self.workspace):
                    self.console.warn(
                        f"{instance.name} takes no code: {error}. "
                        f"./kaldra up --stack {self.workspace.stack} brings one that does."
                    )
                return None
            self._failed.pop(instance, None)
            return answer

        with ThreadPoolExecutor() as pool:
            answers = zip(some, pool.map(one, some), strict=True)
            return {instance: answer for instance, answer in answers if answer is not None}


def restore(workspace: Workspace, console: Console) -> None:
    """Return to the images' code, where this clone has sent other code."""
    with closing(Fleet(workspace, console)) as fleet:
        if fleet.is_live:
            fleet.restore()


def differing(workspace: Workspace, console: Console) -> dict[str, Sequence[str]]:
    """Paths that are not as in the image, by the name of the pod or container."""
    if not workspace.settings.takes_live_code:
        return {}
    with closing(Fleet(workspace, console)) as fleet:
        return fleet.differing()


def digests(service: Service) -> dict[str, str]:
    """SHA-256 of each source file of a service, by its path in the repository."""
    return {
        path.relative_to(REPO).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in _code(service)
        for path in folder.rglob("*")
        if path.suffix in live.SOURCES
    }


def debugpy() -> dict[str, str]:
    """The Python files of debugpy as base64, by path: its compiled ones fit this Python alone."""
    return {
        path.as_posix(): base64.b64encode(path.read_binary()).decode()
        for path in files_of("debugpy") or ()
        if path.suffix == ".py" and path.parts[0] == "debugpy"
    }


@contextmanager
def _forwarded(workspace: Workspace, console: Console, service: Service) -> Iterator[None]:
    """Lead 127.0.0.1:5678 to the debugger of a service while the block runs.

    One receiver in the container serves each connection: no port of it is published.
    """
    require_free(DEBUGGER_PORT, "the debugger", "--debug", where="the command line")

    class Client(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            for one in instances.found(workspace):
                if one.service is service:
                    subprocess.run(  # noqa: S603  the client that `up` chose
                        one.receiver(workspace, "--debugger"),
                        stdin=self.request,
                        stdout=self.request,
                        stderr=subprocess.DEVNULL,
                        check=False,
                    )
                    return

    with socketserver.ThreadingTCPServer(("127.0.0.1", DEBUGGER_PORT), Client) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        console.note(f"Attach a debugger to {service.name} at 127.0.0.1:{DEBUGGER_PORT}.")
        try:
            yield
        finally:
            server.shutdown()


def _code(service: Service) -> list[Path]:
    """Folders of the packages that a service is made of."""
    folders = [REPO / folder for folder in (service.package, *service.folders)]
    return [folder for folder in folders if (folder / "__init__.py").exists()]


def _contents(paths: Iterable[str]) -> dict[str, str | None]:
    """Contents of the files as they are sent; None for a deleted file."""
    contents: dict[str, str | None] = dict.fromkeys(paths)
    for path in contents:
        with suppress(FileNotFoundError):
            contents[path] = base64.b64encode((REPO / path).read_bytes()).decode()
    return contents
