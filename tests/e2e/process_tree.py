"""A process and all its descendants, killed at once."""

import os
import signal
from pathlib import Path


def kill_tree(root: int) -> None:
    """SIGKILL a process and all that came from it, as a crash of the machine would."""
    family = [root]
    while True:
        children = [pid for pid, parent in _parents().items() if parent in family]
        new = [pid for pid in children if pid not in family]
        if not new:
            break
        family += new
    for pid in family:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _parents() -> dict[int, int]:
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                status = (folder / "stat").read_text()
            except OSError:
                continue
            found[int(folder.name)] = int(status.rpartition(")")[2].split()[1])
    return found
