"""Ports on 127.0.0.1: whether one is free, and who holds it when it is not."""

import socket
from contextlib import suppress
from glob import iglob
from pathlib import Path

from kaldra.errors import ConfigurationError, KaldraError
from kaldra.toolchain import docker_client

PROC = Path("/proc")
LISTENING = "0A"
STACK_FILE = "the stack's file: Pulumi.<stack>.yaml"


def require_free(port: int, purpose: str, setting: str, *, where: str = STACK_FILE) -> None:
    """Raise ConfigurationError naming who holds the port, and the setting (and file) to move."""
    if is_free(port):
        return
    who = holder(port)
    by = f"taken by {who}" if who else "taken by another process"
    raise ConfigurationError(
        f"Port {port} on 127.0.0.1, which {purpose} needs, is {by}.",
        hint=f"Stop it, or set {setting} to another port in {where}",
    )


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a connection that has just ended does not count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def holder(port: int) -> str | None:
    """Who listens on the port: `container x` or `name (process 1)`, or None if nobody tells."""
    return _container(port) or _process(port, PROC)


def _container(port: int) -> str | None:
    try:
        running = docker_client.containers(everything=False)
    except KaldraError:  # no engine
        return None
    for item in running:
        if any(mapping.get("PublicPort") == port for mapping in item.get("Ports", [])):
            return f"container {item['Names'][0].lstrip('/')}"
    return None


def _process(port: int, proc: Path) -> str | None:
    """The process that listens on the port, on any address, if this user may see its files."""
    sockets = set()
    for table in ("net/tcp", "net/tcp6"):
        with suppress(OSError):
            for row in (proc / table).read_text(encoding="ascii").splitlines()[1:]:
                columns = row.split()
                local, status, inode = columns[1], columns[3], columns[9]
                if status == LISTENING and int(local.rpartition(":")[2], 16) == port:
                    sockets.add(f"socket:[{inode}]")
    # Unlike Path's, this glob passes over what may not be seen.
    for opened in map(Path, iglob(f"{proc}/[0-9]*/fd/*") if sockets else ()):  # noqa: PTH207
        with suppress(OSError):  # closed meanwhile
            if str(opened.readlink()) in sockets:
                process = opened.parents[1]
                name = (process / "comm").read_text(encoding="utf-8").strip()
                return f"{name} (process {process.name})"
    return None
