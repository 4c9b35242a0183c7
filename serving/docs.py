"""`/docs`: the OpenAPI document as a page that needs nothing from elsewhere."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

STATIC = Path(__file__).with_name("static")
FILES = {
    "/docs": ("docs.html", "text/html"),
    "/docs/page.js": ("docs.js", "text/javascript"),
    "/docs/page.css": ("docs.css", "text/css"),
}
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


def router() -> APIRouter:
    """The page and its two files."""
    routes = APIRouter(include_in_schema=False)
    for path, (name, media_type) in FILES.items():
        routes.add_api_route(path, _file(STATIC / name, media_type), methods=["GET"])
    return routes


def _file(path: Path, media_type: str) -> Callable[[], Coroutine[Any, Any, Response]]:
    content = path.read_bytes()
    headers = {"content-security-policy": POLICY, "cache-control": "no-cache"}

    async def file() -> Response:
        return Response(content, media_type=media_type, headers=headers)

    return file
