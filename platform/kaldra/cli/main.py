"""The entry point: the one place that turns errors into messages and exit codes."""

import codecs
import errno
import io
import locale
import os
import sys
import threading
from typing import NoReturn

from typer.completion import completion_init  # type: ignore[attr-defined]

from kaldra.cli.app import app
from kaldra.cli.completion import VARIABLE
from kaldra.cli.ui import Console
from kaldra.errors import KaldraError
from kaldra.paths import home, state

INTERRUPTED = 130
FULL = (errno.ENOSPC, errno.EDQUOT)


def main() -> None:
    """Run a verb; every error is a message, a hint and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # not every terminal has ✓
            stream.reconfigure(encoding=_terminal_encoding(), errors="replace")
    code: object = 0
    try:
        completion_init()
        app(prog_name="./kaldra", complete_var=VARIABLE)
    except KaldraError as error:
        Console().error(str(error), error.hint)
        code = error.exit_code
    except OSError as error:
        Console().error(*_explained(error))
        code = 1
    except SystemExit as ended:
        code = ended.code
        if code == INTERRUPTED:  # typer's, for a KeyboardInterrupt
            Console().error("Interrupted; nothing is lost.", "Run the same command again to go on.")
    _leave(code)


def _explained(error: OSError) -> tuple[str, str]:
    """Message and hint for what the machine refuses; raises the error again where it is a bug."""
    if error.errno in FULL:
        return "The disk is full.", f"df -h {home()} {state()}"
    if error.errno == errno.EFBIG:
        return "A file became larger than this shell allows.", "ulimit -f unlimited"
    # Where an automounter or /proc has the parent, a folder cannot be made: ENOENT.
    unmade = any(folder.is_relative_to(str(error.filename)) for folder in (home(), state()))
    if error.filename is None or (error.errno == errno.ENOENT and not unmade):
        raise error
    hint = f"Where a run as another user made it: sudo chown -R $(id -u) {error.filename}"
    return (
        f"{error.filename} cannot be used: {error.strerror}.",
        hint if isinstance(error, PermissionError) else "",
    )


def _terminal_encoding() -> str:
    """The encoding of the caller's locale; UTF-8 where that is none in particular."""
    name = codecs.lookup(locale.getencoding()).name
    return "utf-8" if name == "ascii" else name


def _leave(code: object) -> NoReturn:
    """Exit, without waiting for threads that an error or an interrupt has left behind."""
    written = True
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            written = False
            if error.errno in FULL and stream is sys.stdout:
                Console().error(f"Standard output cannot be written: {error.strerror}.")
        except (AttributeError, ValueError):  # it was closed by the caller
            pass
    if threading.active_count() == 1 and written:
        sys.exit(code)  # type: ignore[arg-type]
    os._exit((code if isinstance(code, int) else int(bool(code))) or int(not written))
