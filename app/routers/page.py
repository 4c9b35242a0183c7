"""`/`: what runs here, as a page for people."""

import asyncio
import json
import logging
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from app import page
from app.core_client import STATUS_SECONDS, CoreClient
from app.page import Core, Language
from serving.errors import ApiError

POLICY = "default-src 'none'; style-src 'self'; img-src data:; frame-ancestors 'none'; \
base-uri 'none'; form-action 'none'"

logger = logging.getLogger(__name__)


def router(core: CoreClient) -> APIRouter:
    """The page and its style sheet; everything on it is open, like `/status/`."""
    routes = APIRouter(include_in_schema=False)
    lists: dict[tuple[str, str, str], Core] = {}

    async def ask(language: Language) -> Core:
        """What the core says; its lists are asked for once as long as its versions stay."""
        about = json.loads(await core.get("/v1/about"))
        versions: tuple[str, str] = about["version"], about["data_version"]
        known = lists.get((*versions, language))
        if known is None:
            kinds = ("archetypes", "columns", "states")
            answers = await asyncio.gather(
                *(core.get(f"/v1/vocabulary/{kind}", f"language={language}") for kind in kinds)
            )
            found: dict[str, Any] = {k: json.loads(a) for k, a in zip(kinds, answers, strict=True)}
            for stale in [key for key in lists if key[:2] != versions]:
                del lists[stale]
            known = lists[*versions, language] = Core(*versions, **found)
        return known

    @routes.get("/")
    async def show(request: Request) -> HTMLResponse:
        language = _language(request)
        found: Core | None = None
        try:
            async with asyncio.timeout(STATUS_SECONDS):
                found = await core.shared(f"page {language}", lambda: ask(language))
        except (ApiError, TimeoutError):
            pass
        except (LookupError, TypeError, ValueError) as error:
            logger.warning(
                "what answers is not kaldra-core", extra={"fields": {"reason": str(error)}}
            )
        headers = {"content-security-policy": POLICY, "vary": "Accept-Language"}
        return HTMLResponse(page.render(found, language), headers=headers)

    @routes.get("/page.css")
    async def style() -> Response:
        return Response(page.STYLE, media_type="text/css", headers={"cache-control": "no-cache"})

    return routes


def _language(request: Request) -> Language:
    """The language that is asked for, else the browser's first one."""
    wanted = request.query_params.get("language") or request.headers.get("accept-language", "")
    return "pt" if wanted.lower().startswith("pt") else "en"
