"""`/v1`: signals, batches, windows, applications and the vocabulary."""

import functools
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import nullcontext
from itertools import islice
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from contract import requests
from contract.apps import AlphaAnswer, GeoAnswer, ProductAnswer, SafeguardAnswer
from contract.signal import Signal
from contract.vocabulary import Kind, Language
from contract.window import WindowAnswer
from core import __version__
from core.encoding import dumps
from core.http.costs import Costs
from core.http.workers import DEAR, Flow, Workers
from core.kernel import Kernel
from serving.bodies import Bodies, body_of, bounded_route
from serving.errors import example, responses
from serving.static_file import cacheable
from serving.streaming import NDJSON, line_stream, while_connected
from serving.tracing import Stages

PART_TEXTS = 16
PART_MILLISECONDS = DEAR
"""Texts of a batch computed at a stretch, and how long, before others get their turn."""

APPLICATIONS: dict[str, tuple[Any, Callable[..., Any]]] = {
    "alpha": (AlphaAnswer, Kernel.alpha),
    "geo": (GeoAnswer, Kernel.geo),
    "product": (ProductAnswer, Kernel.product),
    "safeguard": (SafeguardAnswer, Kernel.safeguard),
}


class About(BaseModel):
    """What answers here."""

    version: str
    data_version: str


def router(kernel: Kernel, workers: Workers, bodies: Bodies) -> APIRouter:
    """The routes, computing with `kernel` in `workers`; the gateway is the only caller."""
    by_gateway = bounded_route(bodies, lambda _request: nullcontext(""))
    routes = APIRouter(
        prefix="/v1", responses=responses(400, 422, 500, 503), route_class=by_gateway
    )
    costs = Costs(kernel)
    computed = functools.partial(_computed, kernel, workers)
    part = functools.partial(_part, workers)

    @routes.post("/signal", response_model=Signal, tags=["signals"])
    async def signal(request: Request, body: requests.SignalRequest) -> Response:
        """Read one text."""
        cost = costs.texts([body.text], explain=body.options.explain)
        return await computed(request, lambda kernel: kernel.signal(body.text, body.options), cost)

    @routes.post(
        "/batch",
        response_class=Response,
        tags=["signals"],
        responses=example('{"signal_id": "…"}\n', NDJSON, schema={"type": "string"}),
    )
    async def batch(request: Request, body: requests.BatchRequest) -> Response:
        """Read up to 1,000 texts; the signals come as they are made, one JSON object per line."""
        body_of(request).content = bytearray()
        cost = costs.texts(body.texts, explain=body.options.explain)
        lines = (dumps(signal) + b"\n" for signal in kernel.batch(body.texts, body.options))

        async def pieces() -> AsyncGenerator[bytes, None]:
            flow = Flow()
            while piece := await part(lines, cost, flow):
                yield piece

        return await line_stream(request, pieces())

    @routes.post("/window", response_model=WindowAnswer, tags=["signals"])
    async def window(request: Request, body: requests.WindowRequest) -> Response:
        """Read several texts as one story, oldest first."""
        body_of(request).content = bytearray()
        cost = costs.window(body.texts)
        steps = kernel.window_steps(body.texts, body.options)

        async def last() -> bytes:
            contents = (dumps(answer) if answer else b"" for answer in steps)
            flow = Flow(total=cost)
            while not (content := await part(contents, cost, flow)):
                pass
            return content

        return Response(await while_connected(request, last()), media_type="application/json")

    for name in APPLICATIONS:
        _add_application(name, routes, computed, costs)
    _add_facts(routes, kernel)
    return routes


async def _computed(
    kernel: Kernel,
    workers: Workers,
    request: Request,
    read: Callable[[Kernel], Any],
    cost: float,
) -> Response:
    """What `read` makes of the kernel, as JSON."""
    body_of(request).content = bytearray()
    stages = Stages()
    watched = kernel.watched(stages.ended) if stages.recorded else kernel

    def work() -> bytes:
        stages.ended("queue")
        content = dumps(read(watched))
        stages.ended("encode")
        return content

    content = await while_connected(request, workers.run(work, cost))
    stages.record()
    return Response(content, media_type="application/json")


async def _part(workers: Workers, items: Iterator[bytes], cost: float, flow: Flow) -> bytes:
    """The next of a request's items; others get their turn before those that follow.

    The kernel's stages are not told apart.
    """
    stages = Stages()

    def work() -> bytes:
        stages.ended("queue")
        until = time.perf_counter() + PART_MILLISECONDS / 1000
        made = []
        for item in islice(items, PART_TEXTS):
            made.append(item)
            if time.perf_counter() > until:
                break
        stages.ended("compute")
        return b"".join(made)

    content = await workers.run(work, min(cost, PART_MILLISECONDS), flow)
    stages.record()
    return content


def _add_application(
    name: str, routes: APIRouter, computed: Callable[..., Awaitable[Response]], costs: Costs
) -> None:
    """Every application takes a text, options and facts of its own."""
    answer, read = APPLICATIONS[name]
    model = requests.APPLICATIONS[name]

    async def application(request: Request, body: requests.SignalRequest) -> Response:
        facts = body.model_dump(exclude={"text", "options"})
        cost = costs.application(name, body.text, explain=body.options.explain)
        return await computed(
            request, lambda kernel: read(kernel, body.text, body.options, **facts), cost
        )

    application.__name__ = name
    application.__annotations__["body"] = model
    application.__doc__ = model.__doc__
    routes.post(f"/apps/{name}", response_model=answer, tags=["applications"])(application)


def _add_facts(routes: APIRouter, kernel: Kernel) -> None:
    @functools.cache
    def content(kind: Kind, language: Language) -> bytes:
        return dumps(kernel.vocabulary(kind, language))

    @routes.get("/vocabulary/{kind}", response_model=list[dict[str, Any]], tags=["vocabulary"])
    async def vocabulary(request: Request, kind: Kind, language: Language = "en") -> Response:
        """List a part of the vocabulary, its texts in English or Portuguese."""
        return cacheable(request, content(kind, language))

    @routes.get("/about", response_model=About, tags=["vocabulary"])
    async def about() -> Response:
        """Tell the versions of the kernel and of its data; each signal has the same two."""
        versions = About(version=__version__, data_version=kernel.data_version)
        return Response(versions.model_dump_json(), media_type="application/json")
