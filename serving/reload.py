"""`python3 -m serving.reload MODULE`: runs a service, and replaces it while it serves.

A small parent keeps the listening sockets and forks the process that serves. To reload it forks
another, which has third-party packages imported already, waits until that one serves, and lets the
former finish. Where the new code cannot start, its error is reported with file and line, and the
former goes on serving.
"""

import argparse
import gc
import importlib
import json
import logging
import os
import runpy
import selectors
import signal
import socket
import socketserver
import sys
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from serving import logs
from serving.source import Source

CONTROL = "control"
DEBUGGER = "debugger"
"""Names, in the live folder, of the socket that takes requests and the file with debugpy's port."""

START_SECONDS = 60.0
"""For a new process until it serves."""

HANDOVER_SECONDS = 2.0
"""For the former process until it accepts no further connection."""

REQUEST_SECONDS = 10.0
"""For a client to send its request."""

MOST_BYTES = 1 << 20
MOST_SOCKETS = 64
"""In one message."""

HANDOVER = signal.SIGUSR1
"""Tells a process that the next one serves."""

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""Passed on to the process that serves."""

logger = logging.getLogger("serving.reload")


@dataclass(frozen=True)
class Child:
    """A process that is about to serve, serves, or finishes what it has begun."""

    pid: int
    channel: socket.socket
    """Carries its report, then a byte when it has left to the next; closes when it ends."""


class Reloader:
    """The parent of the processes that run `module` from `source`."""

    def __init__(self, module: str, source: Source, folder: Path) -> None:
        self._module = module
        self._folder = folder
        self._source = source
        self._debugged = False
        self._own = {*source.packages, module.partition(".")[0]}
        self._listeners: list[socket.socket] = []
        self._taken, self._passed = socket.socketpair()
        """Connections: processes that leave pass them on, and the one that serves takes them."""
        self._taken.settimeout(0)
        self._serving: Child | None = None
        self._starting: Child | None = None
        self._modules: list[str] = []
        """What the first process imported, as long as this one has not."""
        self._selector = selectors.DefaultSelector()
        self._handlers = {number: signal.getsignal(number) for number in SIGNALS}

    def run(self) -> int:
        """Serve until the process that serves ends; return its exit code.

        Requests are taken from connections to a socket in the folder: a line of JSON on each.
        """
        control = self._folder / CONTROL
        control.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(control))
        listener.listen()
        self._selector.register(listener, selectors.EVENT_READ)
        for number, handler in self._handlers.items():
            if handler is not signal.SIG_IGN:  # as SIGHUP is under nohup
                signal.signal(number, self._pass_on)
        if failure := self._replace():
            return int(failure["code"])
        while True:
            for key, _ in self._selector.select():
                child: Child | None = key.data
                if child is None:
                    self._answer(listener.accept()[0])
                elif not child.channel.recv(MOST_BYTES):  # it has ended; else it has left, if late
                    self._selector.unregister(child.channel)
                    code = _exit_code(child)
                    if child is self._serving:
                        return code

    def _answer(self, connection: socket.socket) -> None:
        """Answer a request; a client that does not take part in it is left alone."""
        connection.settimeout(REQUEST_SECONDS)
        with suppress(OSError, ValueError), connection, connection.makefile("rwb") as stream:
            answer = self._handle(json.loads(stream.readline()))
            stream.write(json.dumps(answer).encode() + b"\n")

    def _handle(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Do what is asked: `write` files, `restore` the image's, or `reload` what has changed.

        `debug` adds files of debugpy, which then listens in each new process.

        Returns `error`, with `file` and `line` where they are known, if the code cannot start.
        Without any of these, returns `files`, digests by path, `differing` paths, and whether it is
        `debugged`.
        """
        self._preload()
        try:
            match request:
                case {"write": files}:
                    self._source.write(files)
                case {"reload": paths}:
                    self._source.forget(paths)
                case {"debug": files}:
                    self._source.add_packages(files)
                    self._debugged = True
                case {"restore": _}:
                    self._source.restore()
                    self._debugged = False
                case _:
                    return {**self._source.state(), "debugged": self._debugged}
        except (OSError, ValueError) as error:
            return {"error": str(error)}
        return self._replace()

    def _preload(self) -> None:
        """Import what the first process imported from others: the next ones need not."""
        names, self._modules = self._modules, []
        for name in names:
            if name.partition(".")[0] not in self._own:
                with suppress(Exception):
                    importlib.import_module(name)
        if names:
            gc.collect()
            gc.freeze()  # keeps the collector from copying shared pages

    def _replace(self) -> dict[str, Any]:
        """Start a process; once it serves, let the former finish. Returns why it cannot."""
        began = time.monotonic()
        self._starting = child = self._fork()
        report, descriptors = _report(child)
        self._starting = None
        if "modules" not in report:
            code = _exit_code(child)
            failure = {"error": f"it ended with exit code {code}", **report, "code": code}
            logger.error("the code cannot start", extra={"fields": failure})
            return failure
        if not self._listeners:
            self._listeners = [socket.socket(fileno=descriptor) for descriptor in descriptors]
            self._modules = report["modules"]
        former, self._serving = self._serving, child
        self._selector.register(child.channel, selectors.EVENT_READ, child)
        if former:
            os.kill(former.pid, HANDOVER)
            former.channel.settimeout(HANDOVER_SECONDS)
            with suppress(TimeoutError):
                former.channel.recv(1)
            seconds = round(time.monotonic() - began, 3)
            logger.info("code reloaded", extra={"fields": {"seconds": seconds}})
        return {}

    def _fork(self) -> Child:
        ours, theirs = socket.socketpair()
        # A signal between the fork and the reset of the handlers would be lost.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        pid = os.fork()
        if not pid:
            ours.close()
            self._serve(theirs)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        theirs.close()
        return Child(pid, ours)

    def _serve(self, channel: socket.socket) -> NoReturn:
        """Become the service; report why, if it cannot."""
        code, report = 1, {}
        try:
            for number, handler in self._handlers.items():
                signal.signal(number, handler)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            for name in [n for n in sys.modules if n.partition(".")[0] in self._own]:
                del sys.modules[name]
            gc.disable()  # until it serves: all that it makes meanwhile stays
            self._source.activate()
            # The former process has the port of its metrics until it ends.
            socketserver.TCPServer.allow_reuse_port = True
            from serving import handover  # noqa: PLC0415  the new code's

            passing = (self._taken, self._passed)
            handover.current = handover.Handover(channel, self._listeners or None, *passing)
            if self._debugged:  # on a port of its own: the former process has another one
                debugpy = importlib.import_module("debugpy")
                _, port = debugpy.listen(("127.0.0.1", 0), in_process_debug_adapter=True)
                (self._folder / DEBUGGER).write_text(str(port), encoding="ascii")
            runpy.run_module(self._module, run_name="__main__", alter_sys=True)
        except SystemExit as end:
            if isinstance(end.code, str):
                report = {"error": end.code}
            else:
                code = end.code or 0
        except BaseException as error:  # noqa: BLE001  whatever it is, it is reported
            report = _explained(error, self._source.root)
        finally:
            with suppress(OSError):
                channel.sendall(json.dumps(report).encode() + b"\n")
            logging.shutdown()
            os._exit(code)

    def _pass_on(self, number: int, _frame: FrameType | None) -> None:
        for child in (self._serving, self._starting):
            if child:
                with suppress(ProcessLookupError):
                    os.kill(child.pid, number)


def _exit_code(child: Child) -> int:
    """Wait for the end of a process; its exit code, as a shell has it."""
    child.channel.close()
    code = os.waitstatus_to_exitcode(os.waitpid(child.pid, 0)[1])
    return code if code >= 0 else 128 - code


def _report(child: Child) -> tuple[dict[str, Any], list[int]]:
    """What a new process says of itself, and its listening sockets; {} if it just ended."""
    child.channel.settimeout(START_SECONDS)
    try:
        content, descriptors, _, _ = socket.recv_fds(child.channel, MOST_BYTES, MOST_SOCKETS)
        while content and not content.endswith(b"\n"):
            content += child.channel.recv(MOST_BYTES) or b"\n"
    except TimeoutError:
        os.kill(child.pid, signal.SIGKILL)
        return {"error": f"it does not serve after {START_SECONDS:.0f} s"}, []
    return json.loads(content or b"{}"), list(descriptors)


def _explained(error: BaseException, root: Path) -> dict[str, Any]:
    """What went wrong, and where in our source."""
    exception = "".join(traceback.format_exception(error))
    summary = f"{type(error).__name__}: {error}"
    frames = [(f.filename, f.lineno or 0) for f in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        summary = f"{type(error).__name__}: {error.msg}"
        frames.append((error.filename or "", error.lineno or 0))
    own = Path(__file__)
    file, line = "", 0
    for path, number in frames:
        if Path(path).is_relative_to(root) and Path(path) != own:
            file, line = Path(path).relative_to(root).as_posix(), number
    return {"error": summary, "file": file, "line": line, "exception": exception}


def main() -> NoReturn:
    """Run as a program."""
    parser = argparse.ArgumentParser(prog="serving.reload", description=__doc__)
    parser.add_argument("module", help="module that runs the service")
    parser.add_argument("--name", required=True, help="name of the service in logs")
    parser.add_argument("--folder", required=True, type=Path, help="folder of the control socket")
    parser.add_argument(
        "--copy", action="store_true", help="keep changed source in the folder, not in place"
    )
    arguments = parser.parse_args()
    logs.configure("INFO", service=arguments.name, environment=os.environ.get("ENV") or "dev")
    image = Path(__file__).resolve().parents[1]
    source = Source(image, arguments.folder if arguments.copy else None)
    sys.exit(Reloader(arguments.module, source, arguments.folder).run())


if __name__ == "__main__":
    main()
