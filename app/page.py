"""The page at `/`: its HTML in each language, its script put together from modules, its routes."""

import asyncio
import functools
import json
import re
from html import escape
from pathlib import Path
from string import Template
from typing import Any, get_args

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from app import __version__
from app.core_client import CoreClient, failed
from contract.options import Context, Options
from contract.requests import APPLICATIONS, LONGEST_TEXT, MOST_TEXTS, SignalRequest
from contract.vocabulary import Kind, Language
from serving.static_file import StaticFile

LANGUAGES: tuple[Language, ...] = get_args(Language)
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; \
connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; \
require-trusted-types-for 'script'; trusted-types 'none'"
KINDS: tuple[Kind, ...] = get_args(Kind)

STATIC = Path(__file__).with_name("static")
STYLE = (STATIC / "page.css").read_bytes()
WORDS: dict[Language, dict[str, str]] = {
    language: json.loads((STATIC / f"words.{language}.json").read_text(encoding="utf-8"))
    for language in LANGUAGES
}

_PAGE = Template((STATIC / "page.html").read_text(encoding="utf-8"))
_WORD = re.compile(r'(<[^<>]*\bdata-word="([\w.]+)"[^<>]*>)(?=</)')
_LABEL = re.compile(r'data-label="([\w.]+)"')
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(async )?function |class |const )", re.MULTILINE)


def router(core: CoreClient) -> APIRouter:
    """The page and what it loads; all of it is open, like `/status/`."""
    routes = APIRouter(include_in_schema=False)
    headers = {"content-security-policy": POLICY, "vary": "Accept-Encoding, Accept-Language"}
    pages = {language: StaticFile(render(language), "text/html", headers) for language in LANGUAGES}
    routes.get("/page.css")(StaticFile(STYLE, "text/css").serve)
    routes.get("/page.js")(StaticFile(script(), "text/javascript").serve)
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


def render(language: Language) -> bytes:
    """The page with the words of one language in place; the other's travel with it as data."""
    words = WORDS[language]
    other = next(each for each in LANGUAGES if each != language)
    html = _PAGE.substitute(
        language=language,
        other=other,
        other_name=words[f"language.{other}"],
        title=escape(words["title"]),
        subtitle=escape(words["subtitle"]),
        words=json.dumps(WORDS, ensure_ascii=False).replace("<", "\\u003c"),
        version=escape(__version__),
        longest=LONGEST_TEXT,
        most=MOST_TEXTS,
        options=_fields(Options, but=frozenset({"context", "explain"})) + _fields(Context),
        facts=_facts(),
    )
    html = _WORD.sub(lambda found: found[1] + escape(words[found[2]]), html)
    return _LABEL.sub(
        lambda found: f'{found[0]} aria-label="{escape(words[found[1]])}"', html
    ).encode()


def script() -> bytes:
    """`main.js` and the modules it imports as one module: a request instead of one for each.

    Modules import names as they are exported, and share no top-level name: the browser refuses a
    module that declares one twice.
    """
    done: dict[str, str] = {}

    def add(name: str) -> None:
        text = (STATIC / "scripts" / name).read_text(encoding="utf-8")
        done[name] = ""
        for needed in _IMPORT.findall(text):
            if needed not in done:
                add(needed)
        # Last, so that dictionaries keep what others need in front of it.
        del done[name]
        done[name] = _EXPORT.sub("", _IMPORT.sub("", text))

    add("main.js")
    return "\n".join(done.values()).encode()


def _facts() -> str:
    """A form for each domain, with the fields that its request has beside those of a signal."""
    return "".join(
        f'<form class="facts-of" id="facts-{domain}" autocomplete="off" '
        'data-label="facts.title" hidden><div class="fields">'
        + _fields(model, but=frozenset(SignalRequest.model_fields))
        + '</div><button type="submit" data-word="facts.apply"></button></form>'
        for domain, model in APPLICATIONS.items()
    )


@functools.cache
def _fields(model: type[BaseModel], but: frozenset[str] = frozenset()) -> str:
    """The fields of a model; of one that may be null, JSON Schema describes its values."""
    return "".join(
        _field(name, {**schema, **next(iter(schema.get("anyOf", [{}])))})
        for name, schema in model.model_json_schema()["properties"].items()
        if name not in but
    )


def _field(name: str, schema: dict[str, Any]) -> str:
    """One field with its label; its name is the API's."""
    label = f'<label><span data-word="field.{name}"></span>'
    if values := schema.get("enum"):
        blank = (
            "" if schema.get("default") else '<option value="" data-word="options.any"></option>'
        )
        return (
            f'{label}<select name="{name}">{blank}'
            + "".join(f'<option value="{v}" data-word="value.{v}"></option>' for v in values)
            + "</select></label>"
        )
    if schema["type"] in ("number", "integer"):
        step = "1" if schema["type"] == "integer" else "0.01"
        return (
            f'{label}<input name="{name}" type="number" min="{schema["minimum"]}" '
            f'max="{schema["maximum"]}" step="{step}"></label>'
        )
    pattern = f' pattern="{escape(schema["pattern"])}"' if "pattern" in schema else ""
    return f'{label}<input name="{name}" type="text" maxlength="100"{pattern}></label>'
