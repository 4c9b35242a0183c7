"""Alpha, Geo, Product and Safeguard: a signal and what it means in one domain."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.admission import Admission
from app.core_client import CoreClient
from app.routers import guarded
from contract.apps import AlphaAnswer, GeoAnswer, ProductAnswer, SafeguardAnswer
from contract.requests import AlphaRequest, GeoRequest, ProductRequest, SafeguardRequest
from serving.bodies import Bodies


def router(core: CoreClient, admission: Admission, bodies: Bodies) -> APIRouter:
    """Signals read for a purpose: earnings calls, geopolitics, products, safety."""
    routes = guarded.router(admission, bodies, prefix="", tag="applications")

    @routes.post(
        "/alpha/analyze", response_model=AlphaAnswer, responses=guarded.example("alpha.json")
    )
    async def alpha(request: Request, _body: AlphaRequest) -> Response:
        """Read an earnings call: guidance, hedging, entropy of the archetypes."""
        return await guarded.forward(request, core, "/v1/apps/alpha")

    @routes.post("/geo/analyze", response_model=GeoAnswer, responses=guarded.example("geo.json"))
    async def geo(request: Request, _body: GeoRequest) -> Response:
        """Read a geopolitical text: escalation, institutional stress, risk."""
        return await guarded.forward(request, core, "/v1/apps/geo")

    @routes.post(
        "/product/analyze", response_model=ProductAnswer, responses=guarded.example("product.json")
    )
    async def product(request: Request, _body: ProductRequest) -> Response:
        """Read what people say of a product: pains, praise, themes."""
        return await guarded.forward(request, core, "/v1/apps/product")

    @routes.post(
        "/safeguard/evaluate",
        response_model=SafeguardAnswer,
        responses=guarded.example("safeguard.json"),
    )
    async def safeguard(request: Request, _body: SafeguardRequest) -> Response:
        """Judge the risk of a text: four dimensions, where they show, what to do."""
        return await guarded.forward(request, core, "/v1/apps/safeguard")

    return routes
