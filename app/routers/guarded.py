"""Routes for known callers: admitted before their body is read, answered by the core."""

import json
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Security
from fastapi.security import APIKeyHeader
from starlette.responses import Response

from app.admission import Admission
from app.auth import HEADER
from app.core_client import CoreClient
from serving import errors
from serving.bodies import Bodies, body_of, bounded_route
from serving.streaming import NDJSON, while_connected

EXAMPLES = Path(__file__).parents[1] / "example_answers"
"""Each is what the core really answers."""

FAULTS = errors.responses(400, 401, 422, 429, 500, 502, 503, 504)
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


async def forward(request: Request, core: CoreClient, path: str) -> Response:
    """The core's answer at `path` to the body that `request` was validated with."""
    work = core.read("POST", path, body_of(request).content)
    return Response(await while_connected(request, work), media_type="application/json")


def example(name: str) -> dict[int | str, dict[str, Any]]:
    """OpenAPI description of a success with an example, JSON or many lines of it."""
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    if name.endswith(".ndjson"):
        return errors.example(text, NDJSON, schema={"type": "string"})
    return errors.example(json.loads(text))
