"""What a killed run leaves behind: a lock nobody holds, operations nobody finished."""

import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kaldra.cli.pulumi import Pulumi
from kaldra.cli.workspace import Workspace
from kaldra.errors import KaldraError
from kaldra.paths import state


@dataclass(frozen=True)
class Holder:
    """Who wrote a lock file."""

    lock: Path
    pid: int
    host: str
    user: str
    since: str

    @property
    def here(self) -> bool:
        """Whether it was written on this machine."""
        return self.host in ("", socket.gethostname())

    @property
    def alive(self) -> bool:
        """Whether the run may still be going on; another machine's cannot be seen from here."""
        return not self.here or (self.pid > 0 and _is_pulumi(self.pid))


def holder(stack: str) -> Holder | None:
    """The oldest lock on the stack in this clone's backend, or None."""
    folder = state() / "state" / ".pulumi" / "locks" / "organization" / "kaldra" / stack
    for lock in sorted(folder.glob("*.json")):
        try:
            written: dict[str, Any] = json.loads(lock.read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except ValueError:
            written = {}
        return Holder(
            lock=lock,
            pid=int(written.get("pid") or 0),
            host=str(written.get("hostname") or ""),
            user=str(written.get("username") or "somebody"),
            since=str(written.get("timestamp") or "an unknown time"),
        )
    return None


def pending(workspace: Workspace) -> bool:
    """Whether the state lists operations that were begun and not finished."""
    return bool(workspace.deployment().get("pending_operations"))


def clear(pulumi: Pulumi) -> bool:
    """Remove dead locks; tells whether operations are pending, which a refresh settles.

    Raises KaldraError when another run is alive.
    """
    stack = pulumi.workspace.stack
    while found := holder(stack):
        if not found.here:
            raise KaldraError(
                f"Stack {stack} is locked by {found.user}@{found.host} "
                f"(pid {found.pid}, since {found.since}).",
                hint=f"If that run is dead: pulumi cancel --stack {stack} --yes",
            )
        if found.alive:
            raise KaldraError(
                f"Another run works on stack {stack} (pid {found.pid}, since {found.since}).",
                hint=f"Wait for it to end, or interrupt it: kill -INT {found.pid}",
            )
        pulumi.console.note(
            f"A killed run (pid {found.pid}) left stack {stack} locked; lock removed."
        )
        found.lock.unlink(missing_ok=True)
    return pending(pulumi.workspace)


def settle(pulumi: Pulumi) -> None:
    """Read what really exists into the state, which also ends pending operations."""
    pulumi.run(
        "refresh",
        "--stack",
        pulumi.workspace.stack,
        "--yes",
        "--skip-preview",
        "--clear-pending-creates",
    )


def _is_pulumi(pid: int) -> bool:
    """Whether the process lives and is a Pulumi (a reused id is not)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return b"pulumi" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return True
