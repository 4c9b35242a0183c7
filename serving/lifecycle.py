"""Start and end of a service: readiness that fails first, and requests that finish."""

import gc
import logging
import signal
import time
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from serving.settings import ServiceSettings

KEEP_ALIVE_SECONDS = 75
"""Longer than any client of ours keeps an idle connection, so that the client closes it."""

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
    them. Here SIGTERM first makes /ready fail and closes each connection after its next answer;
    sockets close when `drain_seconds` have passed, and running requests then finish. A second
    signal, or Ctrl+C, skips the waiting.
    """

    def __init__(self, config: uvicorn.Config, lifecycle: Lifecycle, drain_seconds: float) -> None:
        super().__init__(config)
        self._lifecycle = lifecycle
        self._drain_seconds = drain_seconds
        self._drained_at: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """React to SIGTERM or SIGINT; runs as a signal handler."""
        first = not self._lifecycle.draining
        self._lifecycle.draining = True
        if first and sig == signal.SIGTERM:
            self._drained_at = time.monotonic() + self._drain_seconds
        elif self.should_exit:
            self.force_exit = True
        else:
            self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        """Runs ten times a second: ends the draining when it has lasted long enough."""
        if self._drained_at is not None and time.monotonic() >= self._drained_at:
            logger.info("drained; finishing running requests")
            self._drained_at = None
            self.should_exit = True
        return await super().on_tick(counter)


def serve(app: ASGIApp, lifecycle: Lifecycle, settings: ServiceSettings, port: int) -> None:
    """Serve `app` until a signal; returns when every request has finished or was cut off."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=max(1, int(settings.shutdown_seconds - settings.drain_seconds)),
    )
    # What start-up made stays for good: the collector need not look through it under a request.
    gc.collect()
    gc.freeze()
    Server(config, lifecycle, settings.drain_seconds).run()
