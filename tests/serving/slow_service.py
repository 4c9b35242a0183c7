"""A service with one slow route, run as a process by the tests of the shutdown."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.responses import StreamingResponse

from serving import application
from serving.lifecycle import Lifecycle, serve
from serving.metrics import Metrics
from serving.settings import ServiceSettings


@asynccontextmanager
async def no_resources() -> AsyncIterator[None]:
    yield


lifecycle = Lifecycle()
metrics = Metrics("slow", "1")
app = application.build(
    title="Slow",
    version="1",
    lifecycle=lifecycle,
    metrics=metrics,
    resources=no_resources,
    routers=(),
)


@app.get("/slow")
async def slow(seconds: float) -> StreamingResponse:
    async def pieces() -> AsyncIterator[str]:
        yield "begun "
        await asyncio.sleep(seconds)
        yield "finished"

    return StreamingResponse(pieces())


settings = ServiceSettings.load(os.environ)
serve(app, lifecycle, settings, metrics, port=int(os.environ["TEST_PORT"]))
