"""`/v1`: signals, batches, windows, applications and the vocabulary."""

import functools
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from itertools import islice
from typing import Any, TypeVar

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
from serving.errors import responses
from serving.openapi import example
from serving.static_file import cacheable
from serving.streaming import NDJSON, line_stream, while_connected
from serving.tracing import Stages

PART_TEXTS = 16
PART_MILLISECONDS = DEAR
"""Texts of a batch computed at a stretch, and how long, before others get their turn."""

T = TypeVar("T")

FAULTS = responses(
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)


class About(BaseModel):
    """What answers here."""

    version: str
    data_version: str


@contextmanager
def _admit(_request: Request) -> Iterator[str]:
    """The gateway is the only caller."""
    yield ""


def router(kernel: Kernel, workers: Workers, bodies: Bodies) -> APIRouter:
    """The routes, computing with `kernel` in `workers`."""
    routes = APIRouter(prefix="/v1", responses=FAULTS, route_class=bounded_route(bodies, _admit))
    costs = Costs(kernel)
    _add_texts(routes, kernel, workers, costs)
    _add_applications(routes, kernel, workers, costs)
    _add_vocabulary(routes, kernel)
    _add_about(routes, kernel)
    return routes


async def _computed(
    request: Request,
    workers: Workers,
    kernel: Kernel,
    read: Callable[[Kernel], Any],
    cost: float,
) -> Response:
    """What `read` makes of the kernel, as JSON."""
    body_of(request).content = bytearray()
    stages = Stages()
    watched = kernel.watched(stages.ended) if stages.recorded else kernel

    def work() -> bytes:
        stages.ended("queue")
        answer = read(watched)
        content = dumps(answer)
        stages.ended("encode")
        return content

    content = await while_connected(request, workers.run(work, cost))
    stages.record()
    return Response(content, media_type="application/json")


def _add_texts(routes: APIRouter, kernel: Kernel, workers: Workers, costs: Costs) -> None:
    @routes.post("/signal", response_model=Signal, tags=["signals"])
    async def signal(request: Request, body: requests.SignalRequest) -> Response:
        """Read one text."""
        options = body.options
        cost = costs.texts([body.text], explain=options.explain)
        return await _computed(
            request, workers, kernel, lambda kernel: kernel.signal(body.text, options), cost
        )

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
        pieces = _pieces(workers, kernel.batch(body.texts, body.options), cost)
        return await line_stream(request, pieces)

    @routes.post("/window", response_model=WindowAnswer, tags=["signals"])
    async def window(request: Request, body: requests.WindowRequest) -> Response:
        """Read several texts as one story, oldest first."""
        body_of(request).content = bytearray()
        steps = kernel.window_steps(body.texts, body.options)
        work = _in_parts(workers, steps, costs.window(body.texts))
        return Response(await while_connected(request, work), media_type="application/json")


async def _pieces(
    workers: Workers, signals: Iterator[Signal], cost: float
) -> AsyncGenerator[bytes, None]:
    """Lines of a batch; a place is held while they are computed, not while a client reads."""
    flow = Flow()
    while piece := await _part(
        workers, lambda: (dumps(signal) + b"\n" for signal in _part_of(signals)), cost, flow
    ):
        yield piece


async def _in_parts(workers: Workers, steps: Iterator[Any], cost: float) -> bytes:
    """The last of `steps`, those before it are None; others get their turn in between."""
    flow = Flow(total=cost)
    while not (
        content := await _part(
            workers, lambda: (dumps(answer) for answer in _part_of(steps) if answer), cost, flow
        )
    ):
        pass
    return content


async def _part(
    workers: Workers, pieces: Callable[[], Iterator[bytes]], cost: float, flow: Flow
) -> bytes:
    """Compute one part of a request, whose kernel stages are not told apart."""
    stages = Stages()

    def work() -> bytes:
        stages.ended("queue")
        content = b"".join(pieces())
        stages.ended("compute")
        return content

    content = await workers.run(work, min(cost, PART_MILLISECONDS), flow)
    stages.record()
    return content


def _part_of(items: Iterator[T]) -> Iterator[T]:
    """The next items: PART_TEXTS, or as many as fit into PART_MILLISECONDS."""
    until = time.perf_counter() + PART_MILLISECONDS / 1000
    for item in islice(items, PART_TEXTS):
        yield item
        if time.perf_counter() > until:
            break


def _add_applications(routes: APIRouter, kernel: Kernel, workers: Workers, costs: Costs) -> None:
    def add(
        name: str, model: type[requests.SignalRequest], answer: Any, read: Callable[..., Any]
    ) -> None:
        """Every application takes a text, options and facts of its own."""

        async def application(request: Request, body: requests.SignalRequest) -> Response:
            facts = body.model_dump(exclude={"text", "options"})
            options = body.options
            cost = costs.application(name, body.text, explain=options.explain)
            return await _computed(
                request,
                workers,
                kernel,
                lambda kernel: read(kernel, body.text, options, **facts),
                cost,
            )

        application.__name__ = name
        application.__annotations__["body"] = model
        application.__doc__ = model.__doc__
        routes.post(f"/apps/{name}", response_model=answer, tags=["applications"])(application)

    add("alpha", requests.AlphaRequest, AlphaAnswer, Kernel.alpha)
    add("geo", requests.GeoRequest, GeoAnswer, Kernel.geo)
    add("product", requests.ProductRequest, ProductAnswer, Kernel.product)
    add("safeguard", requests.SafeguardRequest, SafeguardAnswer, Kernel.safeguard)


def _add_vocabulary(routes: APIRouter, kernel: Kernel) -> None:
    @functools.cache
    def content(kind: Kind, language: Language) -> bytes:
        return dumps(kernel.vocabulary(kind, language))

    @routes.get("/vocabulary/{kind}", response_model=list[dict[str, Any]], tags=["vocabulary"])
    async def vocabulary(request: Request, kind: Kind, language: Language = "en") -> Response:
        """List a part of the vocabulary, its texts in English or Portuguese."""
        return cacheable(request, content(kind, language))


def _add_about(routes: APIRouter, kernel: Kernel) -> None:
    @routes.get("/about", response_model=About, tags=["vocabulary"])
    async def about() -> Response:
        """Tell the versions of the kernel and of its data; each signal has the same two."""
        versions = About(version=__version__, data_version=kernel.data_version)
        return Response(versions.model_dump_json(), media_type="application/json")
