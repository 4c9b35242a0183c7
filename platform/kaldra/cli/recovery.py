"""What a killed run leaves behind: a lock nobody holds, operations nobody finished."""

import json
import os
import socket
from pathlib import Path

from kaldra.cli.pulumi import Pulumi
from kaldra.errors import KaldraError
from kaldra.paths import state


def clear(pulumi: Pulumi) -> bool:
    """Remove dead locks; tells whether operations are pending, which a refresh settles.

    Raises KaldraError when another run is alive.
    """
    _clear_locks(pulumi)
    return bool(pulumi.deployment().get("pending_operations"))


def locks(stack: str) -> list[Path]:
    """Lock files of the stack in this clone's backend."""
    folder = state() / "state" / ".pulumi" / "locks" / "organization" / "kaldra" / stack
    return sorted(folder.glob("*.json"))


def _clear_locks(pulumi: Pulumi) -> None:
    stack = pulumi.workspace.stack
    for lock in locks(stack):
        try:
            holder = json.loads(lock.read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except ValueError:
            holder = {}
        pid = int(holder.get("pid") or 0)
        if holder.get("hostname", socket.gethostname()) != socket.gethostname():
            raise KaldraError(
                f"Stack {stack} is locked by {holder.get('username')}@{holder.get('hostname')} "
                f"(pid {pid}, since {holder.get('timestamp')}).",
                hint=f"If that run is dead: pulumi cancel --stack {stack} --yes",
            )
        if pid and _is_pulumi(pid):
            raise KaldraError(
                f"Another run works on stack {stack} (pid {pid}, since {holder.get('timestamp')}).",
                hint=f"Wait for it to end, or interrupt it: kill -INT {pid}",
            )
        pulumi.console.note(f"A killed run (pid {pid}) left stack {stack} locked; lock removed.")
        lock.unlink(missing_ok=True)


def _is_pulumi(pid: int) -> bool:
    """Whether the process lives and is a Pulumi (a reused id is not)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    command = Path(f"/proc/{pid}/cmdline")
    try:
        return b"pulumi" in command.read_bytes()
    except OSError:
        return True


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
