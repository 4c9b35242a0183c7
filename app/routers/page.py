"""`/`: the page that reads a text, and what it loads."""

import asyncio
import json
from typing import get_args

from fastapi import APIRouter, Request
from starlette.responses import Response

from app import page
from app.core_client import CoreClient, failed
from app.page import LANGUAGES
from contract.vocabulary import Kind, Language
from serving.static_file import StaticFile

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; \
connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; \
require-trusted-types-for 'script'; trusted-types 'none'"
KINDS: tuple[Kind, ...] = get_args(Kind)


def router(core: CoreClient) -> APIRouter:
    """The page and what it loads; all of it is open, like `/status/`."""
    routes = APIRouter(include_in_schema=False)
    headers = {"content-security-policy": POLICY, "vary": "Accept-Encoding, Accept-Language"}
    pages = {
        language: StaticFile(page.render(language), "text/html", headers) for language in LANGUAGES
    }
    routes.get("/page.css")(StaticFile(page.STYLE, "text/css").serve)
    routes.get("/page.js")(StaticFile(page.script(), "text/javascript").serve)
    known: dict[Language, tuple[bytes, StaticFile]] = {}

    @routes.get("/")
    async def show(request: Request) -> Response:
        return pages[_language(request)].response(request)

    @routes.get("/page/vocabulary")
    async def vocabulary(request: Request, language: Language = "en") -> Response:
        """The lists that the page names things by; read again when the core's versions change."""
        about = await core.shared("about", lambda: core.read("GET", "/v1/about"))
        if language not in known or known[language][0] != about:
            lists = await core.shared(f"lists {language}", lambda: read(about, language))
            known[language] = about, lists
        return known[language][1].response(request)

    async def read(about: bytes, language: Language) -> StaticFile:
        answers = await asyncio.gather(
            *(core.read("GET", f"/v1/vocabulary/{kind}?language={language}") for kind in KINDS)
        )
        try:
            lists = {kind: json.loads(answer) for kind, answer in zip(KINDS, answers, strict=True)}
            content = json.dumps({"about": json.loads(about), **lists}, ensure_ascii=False)
        except ValueError:  # what answers is not a core
            raise failed() from None
        return StaticFile(content.encode(), "application/json")

    return routes


def _language(request: Request) -> Language:
    """The language that is asked for, else the browser's first one."""
    wanted = request.query_params.get("language") or request.headers.get("accept-language", "")
    return "pt" if wanted.lower().startswith("pt") else "en"
