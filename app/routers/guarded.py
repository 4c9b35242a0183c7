"""`/engine` and the applications: for known callers; the core's answers, byte for byte."""

import json
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Security
from fastapi.security import APIKeyHeader
from starlette.responses import Response

from app.admission import Admission
from app.auth import HEADER
from app.core_client import CoreClient
from contract.apps import AlphaAnswer, GeoAnswer, ProductAnswer, SafeguardAnswer
from contract.requests import (
    AlphaRequest,
    BatchRequest,
    GeoRequest,
    ProductRequest,
    SafeguardRequest,
    SignalRequest,
    WindowRequest,
)
from contract.signal import Signal
from contract.vocabulary import Kind, Language
from contract.window import WindowAnswer
from serving.bodies import Bodies, body_of, bounded_route
from serving.errors import example, responses
from serving.static_file import cacheable
from serving.streaming import NDJSON, line_stream, while_connected

EXAMPLES = Path(__file__).parents[1] / "example_answers"
"""Each is what the core really answers."""

FAULTS = responses(400, 401, 422, 429, 500, 502, 503, 504)
"""How every route here may fail; those with a body also in serving.bodies.BODY_FAULTS."""

_key_header = APIKeyHeader(
    name=HEADER, scheme_name="ApiKey", auto_error=False, description="Key of a known caller"
)


def router(admission: Admission, bodies: Bodies, *, prefix: str, tag: str) -> APIRouter:
    """A router of bounded routes whose requests are admitted first."""
    return APIRouter(
        prefix=prefix,
        tags=[tag],
        route_class=bounded_route(bodies, admission.admit),
        dependencies=[Security(_key_header)] if admission.wants_keys else [],
        responses=FAULTS,
    )


def engine(core: CoreClient, admission: Admission, bodies: Bodies) -> APIRouter:
    """Signals of texts, one by one, in batches, or as one story; the words they are read in."""
    routes = router(admission, bodies, prefix="/engine", tag="engine")

    @routes.post("/kaldra/signal", response_model=Signal, responses=_example("signal.json"))
    async def signal(request: Request, _body: SignalRequest) -> Response:
        """Read one text: archetype, state, regime, bias, and how they came about."""
        return await _forward(request, core, "/v1/signal")

    @routes.post(
        "/kaldra/batch",
        response_class=Response,
        responses=_example("batch.ndjson"),
    )
    async def batch(request: Request, body: BatchRequest) -> Response:
        """Read up to 1,000 texts; the signals come as they are made, one JSON object per line.

        A line with the one key `error` ends the answer early.
        """
        held = body_of(request)
        admission.texts.take(held.caller, len(body.texts))
        return await line_stream(request, core.lines("/v1/batch", held))

    @routes.post("/kaldra/window", response_model=WindowAnswer, responses=_example("window.json"))
    async def window(request: Request, body: WindowRequest) -> Response:
        """Read several texts as one story, oldest first."""
        admission.texts.take(body_of(request).caller, len(body.texts))
        return await _forward(request, core, "/v1/window")

    @routes.get(
        "/vocabulary/{kind}",
        response_model=list[dict[str, Any]],
        responses=_example("vocabulary.json"),
    )
    async def vocabulary(request: Request, kind: Kind, language: Language = "en") -> Response:
        """List a part of the vocabulary, its texts in English or Portuguese."""
        work = core.read("GET", f"/v1/vocabulary/{kind}?language={language}")
        return cacheable(request, await while_connected(request, work))

    return routes


def applications(core: CoreClient, admission: Admission, bodies: Bodies) -> APIRouter:
    """Signals read for a purpose: earnings calls, geopolitics, products, safety."""
    routes = router(admission, bodies, prefix="", tag="applications")

    @routes.post("/alpha/analyze", response_model=AlphaAnswer, responses=_example("alpha.json"))
    async def alpha(request: Request, _body: AlphaRequest) -> Response:
        """Read an earnings call: guidance, hedging, entropy of the archetypes."""
        return await _forward(request, core, "/v1/apps/alpha")

    @routes.post("/geo/analyze", response_model=GeoAnswer, responses=_example("geo.json"))
    async def geo(request: Request, _body: GeoRequest) -> Response:
        """Read a geopolitical text: escalation, institutional stress, risk."""
        return await _forward(request, core, "/v1/apps/geo")

    @routes.post(
        "/product/analyze", response_model=ProductAnswer, responses=_example("product.json")
    )
    async def product(request: Request, _body: ProductRequest) -> Response:
        """Read what people say of a product: pains, praise, themes."""
        return await _forward(request, core, "/v1/apps/product")

    @routes.post(
        "/safeguard/evaluate",
        response_model=SafeguardAnswer,
        responses=_example("safeguard.json"),
    )
    async def safeguard(request: Request, _body: SafeguardRequest) -> Response:
        """Judge the risk of a text: four dimensions, where they show, what to do."""
        return await _forward(request, core, "/v1/apps/safeguard")

    return routes


async def _forward(request: Request, core: CoreClient, path: str) -> Response:
    """The core's answer at `path` to the body that `request` was validated with."""
    work = core.read("POST", path, body_of(request).content)
    return Response(await while_connected(request, work), media_type="application/json")


def _example(name: str) -> dict[int | str, dict[str, Any]]:
    """OpenAPI description of a success with an example, JSON or many lines of it."""
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    if name.endswith(".ndjson"):
        return example(text, NDJSON, schema={"type": "string"})
    return example(json.loads(text))
