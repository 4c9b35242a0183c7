"""Special files: pipes, sockets and devices, which cannot be read twice."""

import os
import stat
from pathlib import Path


def is_special(path: Path) -> bool:
    """Whether the path is a pipe, a socket or a device other than /dev/null.

    Reading one may never end, and a second reader gets nothing. False for a path that cannot be
    examined: reading it says why.
    """
    try:
        mode = path.stat().st_mode
        return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or path.samefile(os.devnull))
    except OSError:
        return False
