"""`/engine/vocabulary`: the words the kernel reads in."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from app import examples
from app.core_client import CoreClient
from contract.vocabulary import Kind, Language
from serving.disconnect import while_connected
from serving.static_file import cacheable


def add_routes(routes: APIRouter, core: CoreClient) -> None:
    """Add the routes to a guarded router."""

    @routes.get(
        "/vocabulary/{kind}",
        response_model=list[dict[str, Any]],
        responses=examples.of("vocabulary.json"),
    )
    async def vocabulary(request: Request, kind: Kind, language: Language = "en") -> Response:
        """List a part of the vocabulary, its texts in English or Portuguese."""
        work = core.get(f"/v1/vocabulary/{kind}?language={language}")
        return cacheable(request, await while_connected(request, work))
