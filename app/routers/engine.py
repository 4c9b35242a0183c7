"""`/engine`: signals of texts, one by one, in batches, or as one story; and the vocabulary."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.admission import Admission
from app.core_client import CoreClient
from app.routers import guarded
from contract.requests import BatchRequest, SignalRequest, WindowRequest
from contract.signal import Signal
from contract.vocabulary import Kind, Language
from contract.window import WindowAnswer
from serving.bodies import Bodies, body_of
from serving.static_file import cacheable
from serving.streaming import line_stream, while_connected


def router(core: CoreClient, admission: Admission, bodies: Bodies) -> APIRouter:
    """Signals of texts, one by one, in batches, or as one story; the words they are read in."""
    routes = guarded.router(admission, bodies, prefix="/engine", tag="engine")

    @routes.post("/kaldra/signal", response_model=Signal, responses=guarded.example("signal.json"))
    async def signal(request: Request, _body: SignalRequest) -> Response:
        """Read one text: archetype, state, regime, bias, and how they came about."""
        return await guarded.forward(request, core, "/v1/signal")

    @routes.post(
        "/kaldra/batch",
        response_class=Response,
        responses=guarded.example("batch.ndjson"),
    )
    async def batch(request: Request, body: BatchRequest) -> Response:
        """Read up to 1,000 texts; the signals come as they are made, one JSON object per line.

        A line with the one key `error` ends the answer early.
        """
        held = body_of(request)
        admission.texts.take(held.caller, len(body.texts))
        return await line_stream(request, core.lines("/v1/batch", held))

    @routes.post(
        "/kaldra/window", response_model=WindowAnswer, responses=guarded.example("window.json")
    )
    async def window(request: Request, body: WindowRequest) -> Response:
        """Read several texts as one story, oldest first."""
        admission.texts.take(body_of(request).caller, len(body.texts))
        return await guarded.forward(request, core, "/v1/window")

    @routes.get(
        "/vocabulary/{kind}",
        response_model=list[dict[str, Any]],
        responses=guarded.example("vocabulary.json"),
    )
    async def vocabulary(request: Request, kind: Kind, language: Language = "en") -> Response:
        """List a part of the vocabulary, its texts in English or Portuguese."""
        work = core.read("GET", f"/v1/vocabulary/{kind}?language={language}")
        return cacheable(request, await while_connected(request, work))

    return routes
