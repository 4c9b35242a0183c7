"""A small service that ends, or whose code is replaced, while it runs: processes on loopback."""

import base64
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from kaldra.cli.live import Session
from tests.processes import REPO, wait_for

SERVICE = """
import asyncio, os
from collections.abc import AsyncIterator

from starlette.responses import StreamingResponse

from serving.application import Service
from serving.lifecycle import serve
from serving.metrics import Metrics
from serving.settings import ServiceSettings
from small.answer import ANSWER


app = Service(
    title="Small", version="1", metrics=Metrics("small", "1"), routers=(),
    metrics_address=("127.0.0.1", int(os.environ.get("TEST_METRICS", "0"))),
)


@app.get("/answer")
async def answer(seconds: float = 0) -> StreamingResponse:
    async def pieces() -> AsyncIterator[str]:
        yield ""
        await asyncio.sleep(seconds)
        yield ANSWER

    return StreamingResponse(pieces())


@app.get("/crash")
async def crash() -> None:
    os._exit(7)


serve(app, ServiceSettings.load(os.environ), port=int(os.environ["TEST_PORT"]))
"""


class Small:
    """The service's files, its parent and an open receiver."""

    def __init__(self, folder: Path, port: int, *, copy: bool = True, **environment: str) -> None:
        self.image, self.live = folder / "image", folder / "live"
        shutil.copytree(REPO / "serving", self.image / "serving")
        (self.image / "small").mkdir()
        (self.image / "small" / "__init__.py").touch()
        (self.image / "small" / "__main__.py").write_text(SERVICE)
        self.code = self.image / "small" / "answer.py"
        self.edit("first")
        self.live.mkdir()
        self.log = folder / "log"
        self.url = f"http://127.0.0.1:{port}"
        options = ("--name", "small", "--folder", str(self.live), *["--copy"] * copy)
        self.command = (sys.executable, "-m", "serving.reload", "small", *options)
        self.receive = (sys.executable, "-m", "serving.receive", str(self.live))
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(self.image),
            "PYTHONSAFEPATH": "1",  # wherever it is started
            "TEST_PORT": str(port),
            **environment,
        }

    def edit(self, answer: str) -> None:
        """Change the code in place."""
        self.code.write_text(f"ANSWER = {answer!r}\n")

    @contextmanager
    def start(self, *, wait: bool = True) -> Iterator[subprocess.Popen[str]]:
        """The parent; it writes to `log`. Killed at the end with what it started."""
        with (
            self.log.open("w") as log,
            subprocess.Popen(
                self.command,
                cwd=self.image,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            ) as process,
        ):
            try:
                if wait:
                    wait_for(f"{self.url}/health", process)
                yield process
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def receiver(self) -> closing["Receiver"]:
        """An open receiver, closed behind a `with`."""
        return closing(Receiver(self.receive, self.environment))


class Receiver(Session):
    """Requests as the command line sends them."""

    def write(self, **files: str | None) -> Mapping[str, Any]:
        """Write modules of the service, by name; None deletes."""
        return self.request(write={f"small/{name}.py": encoded(t) for name, t in files.items()})


def encoded(text: str | None) -> str | None:
    """A file's content as it is sent."""
    return None if text is None else base64.b64encode(text.encode()).decode()
