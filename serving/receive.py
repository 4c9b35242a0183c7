"""`python3 -m serving.receive FOLDER`: a reloader's control socket as standard input and output.

Run inside the container; each line of input is a request, each line of output its answer. With
`--debugger` it is the debugger's port instead, and bytes pass both ways.
"""

import os
import socket
import sys
import threading
import time
from pathlib import Path

from serving.reload import CONTROL, DEBUGGER

CONNECT_SECONDS = 10.0
"""A container that has just been started opens its socket in a moment."""

PIECE = 1 << 16


def main(folder: Path) -> None:
    """Pass requests on until the input ends. Raises OSError where nothing listens in time."""
    for request in sys.stdin.buffer:
        with socket.socket(socket.AF_UNIX) as parent:
            deadline = time.monotonic() + CONNECT_SECONDS
            while error := parent.connect_ex(str(folder / CONTROL)):
                if time.monotonic() > deadline:
                    raise OSError(error, os.strerror(error))
                time.sleep(0.05)
            parent.sendall(request)
            with parent.makefile("rb") as answer:
                sys.stdout.buffer.write(answer.readline())
            sys.stdout.buffer.flush()


def debug(folder: Path) -> None:
    """Pass bytes between a debugger and its client until either ends."""
    port = int((folder / DEBUGGER).read_text("ascii"))
    with socket.create_connection(("127.0.0.1", port)) as debugger:

        def pass_on() -> None:
            while content := os.read(sys.stdin.fileno(), PIECE):
                debugger.sendall(content)
            debugger.shutdown(socket.SHUT_RDWR)

        threading.Thread(target=pass_on, daemon=True).start()
        while content := debugger.recv(PIECE):
            os.write(sys.stdout.fileno(), content)


if __name__ == "__main__":
    (debug if "--debugger" in sys.argv else main)(Path(sys.argv[1]))
