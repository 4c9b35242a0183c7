"""`/v1`: signals, batches, windows, applications and the vocabulary."""

import functools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from http import HTTPStatus
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
from core.http.workers import Workers
from core.kernel import Kernel
from serving.disconnect import while_connected
from serving.errors import responses
from serving.openapi import example
from serving.streaming import NDJSON, LineStream

PART_TEXTS = 16
"""Texts of a batch computed at a stretch, before others get their turn."""

FAULTS = responses(
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)


class About(BaseModel):
    """What answers here."""

    version: str
    data_version: str


def router(kernel: Kernel, workers: Workers) -> APIRouter:
    """The routes, computing with `kernel` in `workers`."""
    routes = APIRouter(prefix="/v1", responses=FAULTS)
    _add_texts(routes, kernel, workers)
    _add_applications(routes, kernel, workers)
    _add_vocabulary(routes, kernel)
    _add_about(routes, kernel)
    return routes


async def _computed(request: Request, workers: Workers, function: Callable[[], Any]) -> Response:
    content = await while_connected(request, workers.run(lambda: dumps(function())))
    return Response(content, media_type="application/json")


def _add_texts(routes: APIRouter, kernel: Kernel, workers: Workers) -> None:
    @routes.post("/signal", response_model=Signal, tags=["signals"])
    async def signal(request: Request, body: requests.SignalRequest) -> Response:
        """Read one text."""
        options = body.options
        return await _computed(request, workers, lambda: kernel.signal(body.text, options))

    @routes.post(
        "/batch",
        response_class=Response,
        tags=["signals"],
        responses=example('{"signal_id": "…"}\n', NDJSON, schema={"type": "string"}),
    )
    async def batch(body: requests.BatchRequest) -> Response:
        """Read up to 1,000 texts; the signals come as they are made, one JSON object per line."""
        signals = kernel.batch(body.texts, body.options)
        held = ExitStack()
        held.enter_context(workers.place())

        async def close() -> None:
            held.close()

        return LineStream(_pieces(workers, signals), close)

    @routes.post("/window", response_model=WindowAnswer, tags=["signals"])
    async def window(request: Request, body: requests.WindowRequest) -> Response:
        """Read several texts as one story, oldest first."""
        options = body.options
        return await _computed(request, workers, lambda: kernel.window(body.texts, options))


async def _pieces(workers: Workers, signals: Iterator[Signal]) -> AsyncIterator[bytes]:
    def some() -> bytes:
        return b"".join(dumps(signal) + b"\n" for signal in islice(signals, PART_TEXTS))

    while piece := await workers.part(some):
        yield piece


def _add_applications(routes: APIRouter, kernel: Kernel, workers: Workers) -> None:
    def add(
        name: str, model: type[requests.SignalRequest], answer: Any, read: Callable[..., Any]
    ) -> None:
        """Every application takes a text, options and facts of its own."""

        async def application(request: Request, body: requests.SignalRequest) -> Response:
            facts = body.model_dump(exclude={"text", "options"})
            options = body.options
            return await _computed(request, workers, lambda: read(body.text, options, **facts))

        application.__name__ = name
        application.__annotations__["body"] = model
        application.__doc__ = model.__doc__
        routes.post(f"/apps/{name}", response_model=answer, tags=["applications"])(application)

    add("alpha", requests.AlphaRequest, AlphaAnswer, kernel.alpha)
    add("geo", requests.GeoRequest, GeoAnswer, kernel.geo)
    add("product", requests.ProductRequest, ProductAnswer, kernel.product)
    add("safeguard", requests.SafeguardRequest, SafeguardAnswer, kernel.safeguard)


def _add_vocabulary(routes: APIRouter, kernel: Kernel) -> None:
    @functools.cache
    def content(kind: Kind, language: Language) -> bytes:
        return dumps(kernel.vocabulary(kind, language))

    @routes.get("/vocabulary/{kind}", response_model=list[dict[str, Any]], tags=["vocabulary"])
    async def vocabulary(kind: Kind, language: Language = "en") -> Response:
        """List a part of the vocabulary, with labels and descriptions in one language."""
        return Response(content(kind, language), media_type="application/json")


def _add_about(routes: APIRouter, kernel: Kernel) -> None:
    @routes.get("/about", tags=["vocabulary"])
    async def about() -> About:
        """Tell the versions of the kernel and of its data; each signal has the same two."""
        return About(version=__version__, data_version=kernel.data_version)
