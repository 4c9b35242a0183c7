"""A service under `serving.reload`: it takes connections over from the former process.

It passes them on to the next one: those on which no request has begun at once, so that none is
closed under a request, the others after their answer.
"""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from serving.protocol import BoundedProtocol
from serving.reload import HANDOVER, MOST_SOCKETS

if TYPE_CHECKING:
    from serving.lifecycle import Server

LOOK_SECONDS = 0.01
"""How often connections are looked at while the last ones are answered."""

BYTE = b"."
"""Goes with descriptors, which cannot be sent alone; alone, it says that this process has left."""


@dataclass(frozen=True)
class Handover:
    """A server's sockets, which come from other processes and go to them."""

    parent: socket.socket
    """Takes the report of `serving.reload`, and is told when this process has left."""
    listeners: list[socket.socket] | None
    """Accept connections already; None has the server open its own."""
    taken: socket.socket
    """Carries connections that others pass on to the one that serves."""
    passed: socket.socket
    """The other end."""
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set, init=False)

    def started(self, server: "Server", leave: Callable[[], None]) -> None:
        """Report that `server` serves. It is told to `leave` when the next process serves."""
        loop = asyncio.get_running_loop()
        signal.signal(HANDOVER, lambda *_: loop.call_soon_threadsafe(leave))
        loop.add_reader(self.taken, self._take, server)
        report = json.dumps({"modules": list(sys.modules)}).encode() + b"\n"
        opened = [s.fileno() for one in server.servers for s in one.sockets]
        socket.send_fds(self.parent, [report], [] if self.listeners else opened)

    async def leave(self, server: "Server") -> None:
        """Accept nothing more; pass connections on until none is left."""
        asyncio.get_running_loop().remove_reader(self.taken)
        for listening in server.servers:
            listening.close()
        self._pass_on(server)
        self.parent.send(BYTE)
        while True:
            await asyncio.sleep(LOOK_SECONDS)  # also lets what was just accepted appear
            if not server.server_state.connections:
                return
            self._pass_on(server)

    def _pass_on(self, server: "Server") -> None:
        served = [c for c in server.server_state.connections if isinstance(c, BoundedProtocol)]
        idle = [fd for connection in served if (fd := connection.detach()) is not None]
        for start in range(0, len(idle), MOST_SOCKETS):
            batch = idle[start : start + MOST_SOCKETS]
            socket.send_fds(self.passed, [BYTE], batch)
            for descriptor in batch:
                os.close(descriptor)

    def _take(self, server: "Server") -> None:
        loop = asyncio.get_running_loop()
        descriptors: list[int] = []
        with suppress(BlockingIOError):  # another process was faster
            _, descriptors, _, _ = socket.recv_fds(self.taken, len(BYTE), MOST_SOCKETS)
        for descriptor in descriptors:
            connection = socket.socket(fileno=descriptor)
            task = loop.create_task(loop.connect_accepted_socket(server.protocol, connection))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


current: Handover | None = None
"""Set by `serving.reload` in each process that it starts."""
