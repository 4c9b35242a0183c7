"""`/engine/kaldra`: signals of texts, one by one, in batches, or as one story."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from app import examples
from app.admission import Admission
from app.core_client import CoreClient
from app.forward import forward, forward_stream
from contract.requests import BatchRequest, SignalRequest, WindowRequest
from contract.signal import Signal
from contract.window import WindowAnswer


def add_routes(routes: APIRouter, core: CoreClient, admission: Admission) -> None:
    """Add the routes to a guarded router."""

    @routes.post("/kaldra/signal", response_model=Signal, responses=examples.of("signal.json"))
    async def signal(request: Request, _body: SignalRequest) -> Response:
        """Read one text: archetype, state, regime, bias, and how they came about."""
        return await forward(request, core, "/v1/signal")

    @routes.post(
        "/kaldra/batch",
        response_class=Response,
        responses=examples.of("batch.ndjson"),
    )
    async def batch(request: Request, body: BatchRequest) -> Response:
        """Read up to 1,000 texts; the signals come as they are made, one JSON object per line.

        A line with the one key `error` ends the answer early.
        """
        admission.count_texts(request, len(body.texts))
        return await forward_stream(request, core, "/v1/batch")

    @routes.post(
        "/kaldra/window", response_model=WindowAnswer, responses=examples.of("window.json")
    )
    async def window(request: Request, body: WindowRequest) -> Response:
        """Read several texts as one story, oldest first."""
        admission.count_texts(request, len(body.texts))
        return await forward(request, core, "/v1/window")
