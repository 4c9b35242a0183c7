"""Start and end of a service: readiness that fails first, and requests that finish."""

import asyncio
import faulthandler
import fcntl
import gc
import logging
import os
import resource
import signal
import socket
import time
from collections.abc import Sequence
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

import uvicorn

from serving import handover
from serving.protocol import ACCEPTED_AT_ONCE, IDLE_SECONDS, BoundedProtocol, Connections
from serving.settings import ServiceSettings

if TYPE_CHECKING:
    from serving.application import Service

ENDING_SECONDS = 1.0
"""Of the promised time: for answers to the requests that are cut off."""

MOST_DESCRIPTORS = 4096
OWN_DESCRIPTORS = 48
"""Kept for files, listening sockets and the like."""

SWEEP_TICKS = 5
"""uvicorn ticks ten times a second."""

logger = logging.getLogger(__name__)


class Lifecycle:
    """What /ready and open connections need to know."""

    def __init__(self) -> None:
        self.started = False
        self.draining = False

    @property
    def ready(self) -> bool:
        """Whether new requests are welcome."""
        return self.started and not self.draining


class Server(uvicorn.Server):
    """uvicorn, except for the moment a signal comes.

    uvicorn closes its sockets at once on SIGTERM, while load balancers still send requests to
    them. Here SIGTERM or SIGHUP first makes /ready fail and closes each connection after its next
    answer; sockets close when `drain_seconds` have passed, and running requests then finish. A
    second signal, or Ctrl+C, skips the waiting.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        lifecycle: Lifecycle,
        settings: ServiceSettings,
        connections: Connections,
    ) -> None:
        super().__init__(config)
        self.server_state = connections
        self._connections = connections
        self._lifecycle = lifecycle
        self._settings = settings
        self._drained_at: float | None = None
        self._leaving: asyncio.Future[None] | None = None

    def protocol(self) -> asyncio.Protocol:
        """Serve one connection."""
        return BoundedProtocol(self.config, self._connections, self.lifespan.state)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve; a parent that reloads code is told."""
        await super().startup(sockets)
        if not sockets:
            await self._accept_more()
        if handover.current:
            handover.current.started(self, self._leave)

    async def _accept_more(self) -> None:
        """Listen by further descriptors: uvloop accepts one connection by each in a turn."""
        loop = asyncio.get_running_loop()
        for listening in [s for server in self.servers for s in server.sockets]:
            for _ in range(1, ACCEPTED_AT_ONCE):
                more = socket.socket(fileno=os.dup(listening.fileno()))
                server = await loop.create_server(
                    self.protocol, sock=more, backlog=self.config.backlog
                )
                self.servers.append(server)

    def _leave(self) -> None:
        """Leave everything to the next process, and end after the last running request."""
        assert handover.current  # noqa: S101  it calls this
        faulthandler.dump_traceback_later(self._settings.shutdown_seconds, exit=True)
        self._drained_at = time.monotonic() + ENDING_SECONDS
        self._leaving = asyncio.ensure_future(handover.current.leave(self))
        self._leaving.add_done_callback(lambda _: setattr(self, "should_exit", True))

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """React to SIGTERM, SIGHUP or SIGINT; runs as a signal handler."""
        first = not self._lifecycle.draining
        self._lifecycle.draining = True
        if first:
            # Ends the process whatever holds it, as a last resort.
            faulthandler.dump_traceback_later(self._settings.shutdown_seconds, exit=True)
        if first and sig != signal.SIGINT:
            self._drained_at = time.monotonic() + self._settings.drain_seconds
        elif self.should_exit:
            self.force_exit = True
        else:
            self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        """Runs ten times a second: ends the draining when it has lasted long enough."""
        if self._drained_at is not None and time.monotonic() >= self._drained_at:
            logger.info("drained; finishing running requests")
            self._drained_at = None
            self._lifecycle.draining = self.should_exit = True
        if counter % SWEEP_TICKS == 0:
            self._connections.sweep()
        return await super().on_tick(counter)


def serve(
    app: "Service",
    settings: ServiceSettings,
    *,
    port: int,
    trusted_proxies: Sequence[str] = (),
) -> NoReturn:
    """Serve `app` until a signal; the process ends when requests have finished or were cut off."""
    # For running requests after the draining; uvicorn says int, asyncio takes any number.
    finishing: Any = max(0.1, settings.shutdown_seconds - settings.drain_seconds - ENDING_SECONDS)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=port,
        http=BoundedProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=list(trusted_proxies),
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=finishing,
    )
    connections = Connections(connection_limit(settings), app.metrics)
    _grow_descriptor_table()
    server = Server(config, app.lifecycle, settings, connections)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as under nohup
        signal.signal(signal.SIGHUP, server.handle_exit)
    # What start-up made stays for good: the collector need not look through it under a request.
    gc.collect()
    gc.freeze()
    gc.enable()
    server.run(handover.current.listeners if handover.current else None)
    # Threads that still compute, for nobody, would hold up the usual end.
    logging.shutdown()
    os._exit(0)


def connection_limit(settings: ServiceSettings) -> int:
    """How many connections fit the descriptors of this process: each may need another to the core.

    Raises the soft limit first, as far as it may.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    descriptors = (
        MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(MOST_DESCRIPTORS, hard)
    )
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, hard))
    return min(settings.most_connections, max(1, (descriptors - OWN_DESCRIPTORS) // 2))


def _grow_descriptor_table() -> None:
    """Expand the kernel's file descriptor table to the soft limit, which has been raised by now.

    In a process with threads each expansion takes some 20 ms.
    """
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket() as one:
        os.close(fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, soft - 1))
