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
PIECE = 1 << 16


def main(folder: Path) -> None:
    """Pass requests on until the input ends. Raises OSError where nothing listens in time."""
    with socket.socket(socket.AF_UNIX) as parent:
        _connect(parent, folder / CONTROL)
        with parent.makefile("rb") as answers:
            for request in sys.stdin.buffer:
                parent.sendall(request)
                sys.stdout.buffer.write(answers.readline())
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


def _connect(parent: socket.socket, control: Path) -> None:
    """A container that has just been started opens its socket in a moment."""
    deadline = time.monotonic() + CONNECT_SECONDS
    while True:
        try:
            parent.connect(str(control))
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


if __name__ == "__main__":
    (debug if "--debugger" in sys.argv else main)(Path(sys.argv[1]))
