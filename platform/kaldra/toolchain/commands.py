"""Running other programs: what they print is kept, and shown only when they fail."""

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from kaldra.errors import KaldraError

SHOWN_LINES = 20

_running: set["subprocess.Popen[bytes]"] = set()


def stop_all() -> None:
    """End every program that is running for us, in any thread."""
    for process in tuple(_running):
        process.terminate()


def run(  # noqa: PLR0913  each is one independent option
    command: Sequence[str | Path],
    *,
    what: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
    each_line: Callable[[str], None] | None = None,
    telling: Callable[[str], object] = bool,
    hint: str = "",
) -> str:
    """Run a program to its end; returns its output (both streams).

    `each_line` sees every line as it comes. Raises KaldraError with the last lines that are
    `telling`.
    """
    try:
        process = subprocess.Popen(  # noqa: S603
            [str(part) for part in command],
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    except FileNotFoundError:
        raise KaldraError(f"{what} failed: {command[0]} is not there.", hint=hint) from None
    _running.add(process)
    try:
        with process:
            lines = _communicate(process, stdin, each_line)
        code = process.returncode
    finally:
        _running.discard(process)
    if code != 0:
        shown = [f"  {line}" for line in lines if telling(line)][-SHOWN_LINES:]
        tail = "\n".join(shown)
        raise KaldraError(f"{what} failed (exit code {code}):\n{tail}", hint=hint)
    return "\n".join(lines)


def _communicate(
    process: subprocess.Popen[bytes], stdin: bytes | None, each_line: Callable[[str], None] | None
) -> list[str]:
    lines: list[str] = []
    try:
        if stdin is not None and process.stdin:
            with suppress(BrokenPipeError):  # it ended without reading, and has said why
                process.stdin.write(stdin)
                process.stdin.close()
        assert process.stdout is not None  # noqa: S101  opened with a pipe
        for raw in process.stdout:
            line = raw.decode(errors="replace").rstrip()
            lines.append(line)
            if each_line and line:
                each_line(line)
    except BaseException:
        process.terminate()
        raise
    return lines
