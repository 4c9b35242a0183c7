"""Running other programs: what they print is kept, and shown only when they fail.

Standard library only: bootstrap.py runs it before any package is installed.
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from kaldra.errors import KaldraError

SHOWN_LINES = 20
GRACE_SECONDS = 2.0
"""What a program gets to end after SIGTERM."""

_lock = threading.Lock()
_running: set["subprocess.Popen[bytes]"] = set()
_ending = False


@contextmanager
def ending_together() -> Iterator[None]:
    """When the block fails, end what was started in it by any thread, and start nothing more."""
    global _ending  # noqa: PLW0603  one state of the process
    _ending = False
    try:
        yield
    except BaseException:
        stop_all()
        raise


def stop_all() -> None:
    """End every program that is running for us, in any thread, and start no other."""
    global _ending  # noqa: PLW0603  one state of the process
    with _lock:
        _ending = True
        processes = tuple(_running)
    _end(*processes)


def run(  # noqa: PLR0913  each is one independent option
    command: Sequence[str | Path],
    *,
    what: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
    each_line: Callable[[str], object] | None = None,
    telling: Callable[[str], object] = bool,
    hint: str = "",
) -> str:
    """Run a program to its end; returns its output (both streams).

    `each_line` sees every line as it comes. Raises KaldraError with the last lines that are
    `telling`.
    """
    lines: list[str] = []
    given = subprocess.PIPE if stdin is not None else subprocess.DEVNULL
    try:
        with _started(command, cwd, {**os.environ, **(env or {})}, given) as process:
            if process.stdin:
                with suppress(BrokenPipeError):  # it ended without reading, and has said why
                    process.stdin.write(stdin or b"")
                    process.stdin.close()
            for raw in process.stdout or ():
                line = raw.decode(errors="replace").rstrip()
                lines.append(line)
                if each_line and line:
                    each_line(line)
    except FileNotFoundError:
        raise KaldraError(f"{what} failed: {command[0]} is not there.", hint=hint) from None
    code = process.returncode
    if code != 0:
        shown = [f"  {line}" for line in lines if telling(line)][-SHOWN_LINES:]
        tail = "\n".join(shown)
        raise KaldraError(f"{what} failed (exit code {code}):\n{tail}", hint=hint)
    return "\n".join(lines)


def captured(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stderr: int = subprocess.PIPE,
) -> "subprocess.CompletedProcess[str]":
    """Run a program to its end, whatever its exit code; `env` replaces this process' environment.

    Raises OSError where it cannot be started.
    """
    with _started(command, cwd, env, subprocess.DEVNULL, stderr) as process:
        output, errors = ((text or b"").decode(errors="replace") for text in process.communicate())
    return subprocess.CompletedProcess(command, process.returncode, output, errors)


@contextmanager
def interruptible() -> Iterator[None]:
    """Programs started here can be interrupted, even from a background job of a shell script.

    Such a job inherits ignored interrupts.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _started(
    command: Sequence[str | Path],
    cwd: Path | None,
    env: Mapping[str, str] | None,
    stdin: int,
    stderr: int = subprocess.STDOUT,
) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a program that `stop_all` ends; a block that fails ends it, too."""
    with _lock:
        if _ending:
            raise KaldraError(f"{command[0]} was not begun: all programs are being ended.")
        process = subprocess.Popen(  # noqa: S603
            [str(part) for part in command],
            cwd=cwd,
            env=env,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            # With all that it starts: a compiler outlives the `go` that started it.
            process_group=0,
        )
        _running.add(process)
    try:
        with process:
            try:
                yield process
            except BaseException:
                _end(process)
                raise
    finally:
        _running.discard(process)


def _end(*processes: subprocess.Popen[bytes]) -> None:
    """End programs with all that they started: by SIGTERM, and after a grace by SIGKILL."""
    for process in processes:
        _signal(process, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))
        if not _is_apt(process):
            _signal(process, signal.SIGKILL)


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        if _is_apt(process):
            process.send_signal(number)
        else:
            os.killpg(process.pid, number)


def _is_apt(process: subprocess.Popen[bytes]) -> bool:
    """Whether dpkg may run beneath: killed, it leaves a system that has to be repaired by hand."""
    return isinstance(process.args, list) and process.args[0] == "apt-get"
