"""A service under `serving.reload`: it takes sockets over from the former process.

It passes them on to the next one: connections on which no request has begun at once, so that none
is closed under a request, the others after their answer.
"""

import asyncio
import json
import signal
import socket
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from serving.protocol import BoundedProtocol
from serving.reload import HANDOVER, MOST_BYTES, MOST_SOCKETS, PASSED

if TYPE_CHECKING:
    from serving.lifecycle import Server

LOOK_SECONDS = 0.01
"""How often connections are looked at while the last ones are answered."""


class Handover:
    """A server's sockets, taken from and passed on to `parent`, the process that started it."""

    def __init__(self, parent: socket.socket, listeners: list[socket.socket]) -> None:
        self.listeners = listeners or None
        """Accept connections already; None has the server open its own."""
        self._parent = parent
        self._tasks: set[asyncio.Task[Any]] = set()

    def started(self, server: "Server", leave: Callable[[], None]) -> None:
        """Report that `server` serves. It is told to `leave` when the next process serves."""
        loop = asyncio.get_running_loop()
        signal.signal(HANDOVER, lambda *_: loop.call_soon_threadsafe(leave))
        loop.add_reader(self._parent, self._take, server)
        report = json.dumps({"modules": list(sys.modules)}).encode() + b"\n"
        listening = [s.fileno() for each in server.servers for s in each.sockets]
        socket.send_fds(self._parent, [report], listening)

    async def leave(self, server: "Server") -> None:
        """Accept nothing more; pass connections on until none is left."""
        for listening in server.servers:
            listening.close()
        waiting = None
        while waiting is None or server.server_state.connections:
            waiting = [c for c in server.server_state.connections if isinstance(c, BoundedProtocol)]
            self._pass_on([fd for c in waiting if (fd := c.detach()) is not None])
            await asyncio.sleep(LOOK_SECONDS)

    def _pass_on(self, descriptors: list[int]) -> None:
        for start in range(0, max(1, len(descriptors)), MOST_SOCKETS):
            batch = descriptors[start : start + MOST_SOCKETS]
            socket.send_fds(self._parent, [PASSED], batch)
            for descriptor in batch:
                socket.close(descriptor)

    def _take(self, server: "Server") -> None:
        content, descriptors, _, _ = socket.recv_fds(self._parent, MOST_BYTES, MOST_SOCKETS)
        loop = asyncio.get_running_loop()
        if not content:
            loop.remove_reader(self._parent)
        for descriptor in descriptors:
            connection = socket.socket(fileno=descriptor)
            task = loop.create_task(loop.connect_accepted_socket(server.protocol, connection))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


current: Handover | None = None
"""Set by `serving.reload` in each process that it starts."""
