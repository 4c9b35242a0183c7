"""`/docs`: Swagger UI, served from here and under a policy that allows no other host."""

import asyncio
import json
from importlib.resources import files

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response

from serving.static_file import StaticFile

OWN = files("serving").joinpath("static")
SWAGGER_UI = files("fastapi_swagger").joinpath("resources")
"""Swagger UI's two files; requirements.lock has the digest of the package that carries them."""

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
FILES = {
    "/docs": (OWN / "docs.html", "text/html"),
    "/docs/own.css": (OWN / "docs.css", "text/css"),
    "/docs/start.js": (OWN / "docs.js", "text/javascript"),
    "/docs/swagger-ui-bundle.js": (SWAGGER_UI / "swagger-ui-bundle.js", "text/javascript"),
    "/docs/swagger-ui.css": (SWAGGER_UI / "swagger-ui.css", "text/css"),
}


def router(app: FastAPI) -> APIRouter:
    """The page and what it loads."""
    routes = APIRouter(include_in_schema=False)
    making = asyncio.Lock()
    made: list[StaticFile] = []

    @routes.get("/openapi.json")
    async def openapi(request: Request) -> Response:
        async with making:  # FastAPI fails where two threads make the document at once
            if not made:
                # In a thread: it takes long, and others are served meanwhile.
                document = await asyncio.to_thread(lambda: json.dumps(app.openapi()).encode())
                made.append(StaticFile(document, "application/json"))
        return made[0].response(request)

    for path, (source, media_type) in FILES.items():
        file = StaticFile(source.read_bytes(), media_type, {"content-security-policy": POLICY})
        routes.get(path)(file.serve)
    return routes
