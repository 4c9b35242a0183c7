"""Names and turns of the test processes that run side by side on one machine."""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kaldra.paths import REPO

CLONE = hashlib.sha256(str(REPO).encode()).hexdigest()[:6]
"""Part of every name, so that the tests of two clones run side by side."""
NAME = f"kaldra-e2e-{CLONE}-{os.environ.get('PYTEST_XDIST_WORKER', 'gw0').removeprefix('gw')}"
"""Of what this process makes; pytest-xdist runs several."""
LOCK = Path(tempfile.gettempdir(), f"kaldra-e2e-{CLONE}-{os.getuid()}.lock")

_alone = False


@contextmanager
def sharing_the_machine() -> Iterator[None]:
    """Wait until no other process needs the machine for itself, and keep it from that."""
    if _alone:
        yield
        return
    with LOCK.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


@contextmanager
def alone_on_the_machine() -> Iterator[None]:
    """Wait until no command of another process runs, and let none begin."""
    global _alone  # noqa: PLW0603  a lock that this process holds
    with LOCK.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        _alone = True
        try:
            yield
        finally:
            _alone = False
