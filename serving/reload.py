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
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, Any, NoReturn

from serving import logs
from serving.source import RefusedError, Source

CONTROL = "control"
DEBUGGER = "debugger"
"""Names, in the live folder, of the socket that takes requests and the file with debugpy's port."""

START_SECONDS = 60.0
"""For a new process until it serves."""

HANDOVER_SECONDS = 2.0
"""For the former process until it accepts no further connection."""

REQUEST_SECONDS = 10.0
"""For the rest of a request that has begun."""

MOST_BYTES = 1 << 20
MOST_SOCKETS = 64
"""In one message."""

PASSED = b"."
"""With connections that the next process is to serve."""

HANDOVER = signal.SIGUSR1
"""Tells a process that the next one serves."""

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""Passed on to the process that serves."""

logger = logging.getLogger("serving.reload")


@dataclass(frozen=True)
class Child:
    """A process that serves, or is about to."""

    pid: int
    channel: socket.socket
    """Carries its report, and connections that it takes from others or passes on."""


class Reloader:
    """The parent of the processes that run `module` from `source`."""

    def __init__(self, module: str, source: Source, folder: Path) -> None:
        self._module = module
        self._folder = folder
        self._source = source
        self._debugged = False
        self._own = {*source.packages, module.partition(".")[0]}
        self._listeners: list[socket.socket] = []
        self._serving: Child | None = None
        self._starting: Child | None = None
        self._modules: list[str] = []
        """What the first process imported, as long as this one has not."""
        self._selector = selectors.DefaultSelector()
        self._opened = ExitStack()
        self._handlers = {n: signal.getsignal(n) for n in (*SIGNALS, signal.SIGCHLD)}

    def run(self) -> int:
        """Serve until the process that serves ends; return its exit code.

        Requests, one JSON object per line, are taken from connections to a socket in the folder.
        """
        awake, listener = self._open(self._folder / CONTROL)
        if failure := self._replace():
            return int(failure["code"])
        while (code := self._ended()) is None:
            for key, _ in self._selector.select():
                if key.fileobj is awake:
                    awake.recv(MOST_BYTES)
                elif key.fileobj is listener:
                    connection, _ = listener.accept()
                    connection.settimeout(REQUEST_SECONDS)
                    stream = self._opened.enter_context(connection.makefile("rwb"))
                    self._selector.register(connection, selectors.EVENT_READ, stream)
                elif isinstance(key.data, Child):
                    self._relay(key.data)
                elif not self._answer(key.data):
                    self._selector.unregister(key.fileobj)
                    key.data.close()
                    key.fileobj.close()  # type: ignore[union-attr]
        return code

    def _open(self, control: Path) -> tuple[socket.socket, socket.socket]:
        """Handle signals. Returns what a signal makes readable, and the socket for requests."""
        awake, wake = socket.socketpair()
        wake.settimeout(0)
        control.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(control))
        listener.listen()
        for opened in (awake, wake, listener, self._selector):
            self._opened.enter_context(opened)
        self._selector.register(awake, selectors.EVENT_READ)
        self._selector.register(listener, selectors.EVENT_READ)
        signal.set_wakeup_fd(wake.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in SIGNALS:
            if self._handlers[number] is not signal.SIG_IGN:  # as SIGHUP is under nohup
                signal.signal(number, self._pass_on)
        return awake, listener

    def _answer(self, stream: IO[bytes]) -> bool:
        """Answer one request; False at the end of the connection."""
        with suppress(OSError, ValueError):
            if line := stream.readline():
                stream.write(json.dumps(self._handle(json.loads(line))).encode() + b"\n")
                stream.flush()
                return True
        return False

    def _handle(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Do what is asked: `write` files, `restore` the image's, or `reload` what has changed.

        `debug` adds files of debugpy, which then listens in each new process.

        Returns `error`, with `file` and `line` where they are known, if the code cannot start.
        Without any of these, returns `files`, digests by path, `differing` paths, and whether it is
        `debugged`.
        """
        self._preload()
        try:
            if "write" in request:
                self._source.write(request["write"])
            elif "reload" in request:
                self._source.forget(request["reload"])
            elif "debug" in request:
                self._source.add_packages(request["debug"])
                self._debugged = True
            elif "restore" in request:
                self._source.restore()
                self._debugged = False
            else:
                return {
                    "files": self._source.digests(),
                    "differing": self._source.differing(),
                    "debugged": self._debugged,
                }
        except (RefusedError, OSError, ValueError) as error:
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
        sockets = [socket.socket(fileno=descriptor) for descriptor in descriptors]
        if "modules" not in report:
            code = _exit_code(os.waitpid(child.pid, 0)[1])
            child.channel.close()
            failure = {"error": f"it ended with exit code {code}", **report, "code": code}
            logger.error("the code cannot start", extra={"fields": failure})
            return failure
        if self._listeners:
            for duplicate in sockets:
                duplicate.close()
        else:
            self._listeners, self._modules = sockets, report["modules"]
        former, self._serving = self._serving, child
        if former:
            self._selector.register(former.channel, selectors.EVENT_READ, former)
            with suppress(ProcessLookupError):
                os.kill(former.pid, HANDOVER)
            self._relay(former)
            seconds = round(time.monotonic() - began, 3)
            logger.info("code reloaded", extra={"fields": {"seconds": seconds}})
        return {}

    def _relay(self, former: Child) -> None:
        """Pass connections on from a process to the one that serves now."""
        former.channel.settimeout(HANDOVER_SECONDS)
        content: bytes = b""
        descriptors: list[int] = []
        with suppress(OSError):
            content, descriptors, _, _ = socket.recv_fds(former.channel, 1, MOST_SOCKETS)
            if descriptors and self._serving:
                socket.send_fds(self._serving.channel, [PASSED], descriptors)
        for descriptor in descriptors:
            socket.close(descriptor)
        if not content:
            self._selector.unregister(former.channel)
            former.channel.close()

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
        code = 1
        try:
            self._opened.close()
            signal.set_wakeup_fd(-1)
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

            handover.current = handover.Handover(channel, self._listeners)
            if self._debugged:
                _listen_to_debuggers(self._folder / DEBUGGER)
            runpy.run_module(self._module, run_name="__main__", alter_sys=True)
        except SystemExit as end:
            text = isinstance(end.code, str)
            code = 0 if end.code is None else 1 if text else int(end.code)
            _send(channel, {"error": end.code} if text else {})
        except BaseException as error:  # noqa: BLE001  whatever it is, it is reported
            _send(channel, _explained(error, self._source.root))
        finally:
            logging.shutdown()
            os._exit(code)

    def _pass_on(self, number: int, _frame: FrameType | None) -> None:
        for child in (self._serving, self._starting):
            if child:
                with suppress(ProcessLookupError):
                    os.kill(child.pid, number)

    def _ended(self) -> int | None:
        """Reap what has ended; the exit code of the process that serves, if it is among them."""
        with suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                if self._serving and found[0] == self._serving.pid:
                    return _exit_code(found[1])
        return None


def _listen_to_debuggers(port_file: Path) -> None:
    """Have debugpy listen on a port of its own; the former process has another one."""
    debugpy = importlib.import_module("debugpy")
    _, port = debugpy.listen(("127.0.0.1", 0), in_process_debug_adapter=True)
    port_file.write_text(str(port), encoding="ascii")


def _exit_code(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _send(channel: socket.socket, report: Mapping[str, Any]) -> None:
    with suppress(OSError):
        channel.sendall(json.dumps(report).encode() + b"\n")


def _report(child: Child) -> tuple[dict[str, Any], list[int]]:
    """What a new process says of itself, and its listening sockets; {} if it just ended."""
    child.channel.settimeout(START_SECONDS)
    try:
        content, descriptors, _, _ = socket.recv_fds(child.channel, MOST_BYTES, MOST_SOCKETS)
        while content and not content.endswith(b"\n"):
            more = child.channel.recv(MOST_BYTES)
            if not more:
                break
            content += more
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
    ours = [(f, n) for f, n in frames if Path(f).is_relative_to(root) and Path(f) != own]
    file, line = ours[-1] if ours else ("", 0)
    if file:
        file = Path(file).relative_to(root).as_posix()
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
