"""`./kaldra forward`: a fixed local port to a service, kept through pod replacements.

`kubectl port-forward` binds one pod and dies with it. Here the local port is ours for good; each
connection goes through an inner kubectl port-forward on a port of its own, which is started anew
when its pod has gone.
"""

import asyncio
import contextlib
import re
import signal
from collections.abc import Callable, Coroutine

from kaldra.cli import kubectl
from kaldra.cli.ui import Console
from kaldra.cli.workspace import Workspace
from kaldra.errors import ConfigurationError, KaldraError
from kaldra.stack.services import API_PORT, CORE_PORT

PORTS = {"kaldra-api": API_PORT, "kaldra-core": CORE_PORT}
READY_SECONDS = 15.0
RETRY_SECONDS = 0.5
CONNECT_SECONDS = 20.0
CHUNK = 65536


def run(console: Console, *, stack: str, port: int, service: str) -> None:
    """Forward 127.0.0.1:port to the service until Ctrl+C or SIGTERM."""
    workspace = Workspace.open(stack)
    if service not in PORTS:
        raise ConfigurationError(
            f"There is no service {service!r}.", hint=f"Choose one of: {', '.join(PORTS)}"
        )
    full = kubectl.command(
        workspace, "port-forward", f"service/{service}", f":{PORTS[service]}",
        "--address=127.0.0.1",
    )  # fmt: skip
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(_serve(console, Tunnel(full, console.note), port, service))


class Tunnel:
    """An inner port-forward that is started when it is needed and replaced when it is dead."""

    def __init__(self, command: list[str], say: Callable[[str], None]) -> None:
        self._command = command
        self._say = say
        self._process: asyncio.subprocess.Process | None = None
        self._port = 0
        self._lock = asyncio.Lock()

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to a pod that serves; retries while the pod is being replaced.

        Raises KaldraError when none does in time.
        """
        deadline = asyncio.get_running_loop().time() + CONNECT_SECONDS
        while True:
            try:
                port = await self._ready()
                return await asyncio.open_connection("127.0.0.1", port)
            except (OSError, KaldraError) as error:
                if asyncio.get_running_loop().time() > deadline:
                    raise KaldraError(str(error)) from error
                await self.drop()
                await asyncio.sleep(RETRY_SECONDS)

    async def drop(self) -> None:
        """End the inner forward; the next connection starts another."""
        async with self._lock:
            process, self._process = self._process, None
            if process and process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.terminate()
                await process.wait()

    async def _ready(self) -> int:
        async with self._lock:
            if self._process is None or self._process.returncode is not None:
                self._process = await asyncio.create_subprocess_exec(
                    *self._command,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.STDOUT,
                )
                self._port = await asyncio.wait_for(_announced(self._process), READY_SECONDS)
                self._say(f"connected through port {self._port}")
                _background(self._watch(self._process))
            return self._port

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        """Drop a forward that says its pod is gone, although it still runs."""
        assert process.stdout is not None  # noqa: S101  opened with a pipe
        async for line in process.stdout:
            if b"lost connection" in line or b"error forwarding" in line:
                self._say("the pod went away; the next connection finds another")
                with contextlib.suppress(ProcessLookupError):
                    process.terminate()
        await process.wait()


async def _announced(process: asyncio.subprocess.Process) -> int:
    assert process.stdout is not None  # noqa: S101  opened with a pipe
    said = []
    async for raw in process.stdout:
        line = raw.decode(errors="replace").strip()
        said.append(line)
        found = re.match(r"Forwarding from 127\.0\.0\.1:(\d+)", line)
        if found:
            return int(found[1])
    raise KaldraError(" ".join(said[-3:]) or "kubectl port-forward ended")


async def _serve(console: Console, tunnel: Tunnel, port: int, service: str) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await tunnel.connect()
        except KaldraError as error:
            console.warn(f"No pod of {service} answers: {error}")
            writer.close()
            return
        got = await asyncio.gather(_copy(reader, inner_writer), _copy(inner_reader, writer))
        if got[0] and not got[1]:
            # Asked, and not one byte came back: the pod behind this forward is gone.
            await tunnel.drop()

    try:
        server = await asyncio.start_server(handle, "127.0.0.1", port)
    except OSError:
        raise ConfigurationError(
            f"Port {port} on 127.0.0.1 is taken.", hint="Choose another: --port PORT"
        ) from None
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    console.note(f"http://127.0.0.1:{port} → {service} (Ctrl+C ends it)")
    async with server:
        await stop.wait()
    await tunnel.drop()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
    """Copy until the end; returns how many bytes came through."""
    total = 0
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK):
            total += len(data)
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError):
        if writer.can_write_eof() and not writer.is_closing():
            writer.write_eof()
        else:
            writer.close()
    return total


_tasks: set["asyncio.Task[None]"] = set()


def _background(coroutine: Coroutine[None, None, None]) -> None:
    """Run on the side; the set keeps the task from being collected."""
    task = asyncio.create_task(coroutine)
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
