"""`python3 -m serving.receive FOLDER`: a reloader's control socket as standard input and output.

Run inside the container; each line of input is a request, each line of output its answer.
"""

import socket
import sys
import time
from pathlib import Path

from serving.reload import CONTROL

CONNECT_SECONDS = 10.0


def main(folder: Path) -> None:
    """Pass requests on until the input ends. Raises OSError where nothing listens in time."""
    with socket.socket(socket.AF_UNIX) as parent:
        _connect(parent, folder / CONTROL)
        with parent.makefile("rb") as answers:
            for request in sys.stdin.buffer:
                parent.sendall(request)
                sys.stdout.buffer.write(answers.readline())
                sys.stdout.buffer.flush()


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
    main(Path(sys.argv[1]))
