"""A process and all its descendants, killed at once."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def kill_tree(root: "subprocess.Popen[bytes]") -> None:
    """SIGKILL a process and all that came from it, as a crash of the machine would."""
    family = [root.pid]
    for pid in family:
        # One that stands still begins no other, and keeps those that end.
        os.kill(pid, signal.SIGSTOP)
        family += _children(pid)
    for pid in reversed(family):
        os.kill(pid, signal.SIGKILL)
    root.wait()


def _children(parent: int) -> Iterator[int]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # The name before it, in brackets, may hold anything.
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                yield int(stat.parent.name)
