"""`./kaldra serve`: run the services as processes, without Docker.

They start and stop together, and changed code is reloaded.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from kaldra.cli import live
from kaldra.cli.ui import Console
from kaldra.cluster.ports import require_free
from kaldra.errors import KaldraError
from kaldra.paths import REPO
from kaldra.stack import dotenv, secrets
from kaldra.stack.services import API, CORE, SERVICES, Service, named
from kaldra.toolchain.http_request import request

ATTEMPT_SECONDS = 1.0
ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104  compared with, never listened on
ENV_FILE = ".env"

TICK_SECONDS = 0.05
REAP_SECONDS = 2
"""For a process whose connection has ended."""
GRACE_SECONDS = 30
"""Grace period for running requests; longer than the services' own."""


@dataclass
class Program:
    """A command, its source folders, and its process while it runs."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    receiver: Sequence[str] = ()
    """Takes requests to reload changed code; without, changes are not looked for."""
    folders: Sequence[Path] = ()
    process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)
    session: live.Session | None = field(default=None, init=False)

    def start(self) -> None:
        """Start the process, and open its receiver."""
        # A session of its own: a terminal's Ctrl+C reaches this process alone, which passes it on.
        environment = {**os.environ, **self.environment}
        self.process = subprocess.Popen(  # noqa: S603  our own services
            self.command,
            cwd=REPO,
            env=environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        if self.receiver:
            self.session = live.Session(self.receiver, environment)


def run(console: Console, *, service: str, reload: bool) -> None:
    """Run one service or `all` until Ctrl+C or SIGTERM; with `reload` as its files are now."""
    chosen = SERVICES if service == "all" else (named(service, "all"),)
    given = dotenv.given()
    urls: dict[str, str] = {}
    programs: list[Program] = []
    with tempfile.TemporaryDirectory(prefix="kaldra-") as sockets:
        for one in chosen:
            settings = dotenv.settings_of(one).load(given)
            port = getattr(settings, "port")  # noqa: B009  every service's settings have one
            require_free(port, one.name, f"{one.key.upper()}_PORT", where=ENV_FILE)
            urls[one.key] = _url(settings.host, port)
            # No load balancer sends requests to a terminating service here, so none drains.
            drain = given.get("KALDRA_DRAIN_SECONDS", "0")
            environment = {"PYTHONPATH": str(REPO), "KALDRA_DRAIN_SECONDS": drain}
            if one is API:
                environment |= _keys(given, console) | _core(urls, given, console)
            programs.append(_program(one, environment, Path(sockets, one.key) if reload else None))
        url = urls.get(API.key) or urls[chosen[0].key]
        Supervisor(programs, console).run(_announcing(url, console, time.monotonic()))


def _program(service: Service, environment: Mapping[str, str], folder: Path | None) -> Program:
    """The service; with a folder under a parent that takes requests there to reload its code."""
    if not folder:
        return Program(service.name, (sys.executable, "-m", service.package), environment)
    folder.mkdir()
    options = ("--name", service.name, "--folder", str(folder))
    return Program(
        name=service.name,
        command=(sys.executable, "-m", "serving.reload", service.package, *options),
        environment=environment,
        receiver=(sys.executable, "-m", "serving.receive", str(folder)),
        folders=[REPO / name for name in (service.package, *service.folders)],
    )


def _keys(given: Mapping[str, str], console: Console) -> dict[str, str]:
    """The generated key of this clone, unless keys are configured or disabled."""
    if given.get("KALDRA_AUTH") == "off" or given.get("KALDRA_API_KEYS_DIR"):
        return {}
    keys = secrets.own_keys()
    console.note(f"API key of caller {', '.join(keys)}: {secrets.dev_secrets_file()}")
    return {"KALDRA_API_KEYS_DIR": str(secrets.as_directory("api-keys", keys))}


def _core(urls: Mapping[str, str], given: Mapping[str, str], console: Console) -> dict[str, str]:
    """The core of this run, where it has one."""
    if CORE.key not in urls:
        return {}
    own = urls[CORE.key]
    other = given.get("CORE_SERVICE_URL", own)
    if other.rstrip("/") != own:
        origin = dotenv.origin("CORE_SERVICE_URL")
        console.note(f"The gateway uses the core at {own}; {other} from {origin} is ignored.")
    return {"CORE_SERVICE_URL": own}


def _url(host: str, port: int) -> str:
    name = "127.0.0.1" if host in ANY_ADDRESS else f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}"


def _announcing(url: str, console: Console, began: float) -> Iterator[None]:
    """Wait until the service is ready, then print it, with the start-up time."""
    while not _is_ready(url):
        yield
    console.note(f"{url}/ is ready ({time.monotonic() - began:.1f} s). Press Ctrl+C to stop.")


def _is_ready(url: str) -> bool:
    try:
        return request(f"{url}/ready", timeout=ATTEMPT_SECONDS)[0] == HTTPStatus.OK
    except OSError:
        return False


class Supervisor:
    """Starts programs, ends them all when one ends or a signal comes; has changed code reloaded."""

    def __init__(self, programs: Sequence[Program], console: Console) -> None:
        self._all = programs
        self._console = console
        self._signals = 0

    def run(self, meanwhile: Iterator[None]) -> None:
        """Return when a signal has stopped everything; `meanwhile` goes on many times a second.

        Raises KaldraError if a program exits by itself, after the others were stopped.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as SIGHUP is under nohup
                signal.signal(number, self._count)
        try:
            folders = {folder for one in self._all for folder in one.folders}
            changes = live.changes(folders, TICK_SECONDS)
            next(changes)  # from here on none is missed
            for one in self._all:
                one.start()
            for changed in changes:
                if self._signals:
                    break
                for one in self._all:
                    self._look(one)
                    self._reload(one, changed)
                next(meanwhile, None)
        finally:
            self._end()

    def _count(self, *_: object) -> None:
        self._signals += 1

    def _look(self, one: Program) -> None:
        """Notice the end of a process."""
        code = one.process.poll() if one.process else None
        if code is None:
            return
        one.process = None
        how = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
        ended = f"{one.name} exited ({how})"
        if one.session:
            one.session.close()
            self._console.warn(f"{ended}; it is restarted when a file changes.")
            return
        others = [other.name for other in self._all if other.process]
        also = f"; {' and '.join(others)} was stopped" if others else ""
        raise KaldraError(f"{ended}{also}.", hint="See its log lines above.")

    def _reload(self, one: Program, changed: Sequence[Path]) -> None:
        paths = live.within(one.folders, changed)
        if not paths:
            return
        if not (one.process and one.session):
            one.start()
            return
        began = time.monotonic()
        try:
            answer = one.session.request(reload=paths)
        except live.EndedError as error:
            try:
                one.process.wait(REAP_SECONDS)  # as the next look at it tells
            except subprocess.TimeoutExpired:
                raise KaldraError(f"{one.name} runs, but cannot be reloaded: {error}.") from None
        else:
            live.tell(self._console, one.name, paths, began, answer)

    def _end(self) -> None:
        """Terminate the processes, again on each further signal; kill them after the deadline."""
        heeded, deadline = -1, time.monotonic() + GRACE_SECONDS
        while alive := [p for one in self._all if (p := one.process) and p.poll() is None]:
            for process in alive:
                if self._signals > heeded:
                    process.terminate()
                if time.monotonic() > deadline:
                    process.kill()
            heeded = self._signals
            time.sleep(TICK_SECONDS)
        for one in self._all:
            if one.session:
                one.session.close()
