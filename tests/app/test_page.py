"""The page at `/`, read as a browser and a screen reader would."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser

import httpx2
import pytest
from starlette.testclient import TestClient

from app import core_client
from app.page import STYLE
from core.kernel import Kernel
from core.service import create_app as create_core
from core.settings import Settings as CoreSettings
from serving.lifecycle import Lifecycle
from tests.app import cores

VOID = {"meta", "link", "br", "img"}
Gateway = Callable[..., TestClient]


class Page(HTMLParser):
    """What a page holds: elements with their attributes, and the text in each kind of element."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in set(self._open):
            self.texts[tag][-1] += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


class RealCore:
    """The real core, answering in this process; remembers what it was asked for."""

    def __init__(self) -> None:
        lifecycle = Lifecycle()
        lifecycle.started = True
        service = create_core(CoreSettings.load({}), Kernel.load(), lifecycle=lifecycle)
        self.client = TestClient(service)
        self.asked: list[str] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request.url.path)
        answer = self.client.get(request.url.raw_path.decode())
        return httpx2.Response(answer.status_code, content=answer.content, headers=cores.JSON)


@pytest.fixture(scope="module")
def _core() -> RealCore:
    return RealCore()


@pytest.fixture
def core(_core: RealCore) -> RealCore:
    _core.asked.clear()
    return _core


def test_the_map_has_every_state_under_its_archetype_and_column(gateway: Gateway, core: RealCore):
    answer = gateway(core).get("/")
    page = Page(answer.text)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert len(page.all("td")) == 144
    assert len(set(page.texts["td"])) == 144
    scopes = Counter(header["scope"] for header in page.all("th"))
    assert scopes == {"colgroup": 3, "col": 1 + 12, "row": 12}
    states = Kernel.load().vocabulary("states", "en")
    assert page.texts["td"] == [state["label"] for state in states]
    assert page.all("td")[9]["class"] == "transcendent plane-6"


def test_it_tells_versions_and_leads_to_the_documentation(gateway: Gateway, core: RealCore):
    page = Page(gateway(core).get("/").text)
    facts = dict(zip(page.texts["dt"], page.texts["dd"], strict=True))
    assert facts["Gateway"] == "online · 0.1.0"
    assert facts["Core"] == "ready · 0.1.0"
    assert facts["Data"] == Kernel.load().data_version
    links = {link["href"] for link in page.all("a")}
    assert {"/docs", "/openapi.json", "/status/", "/status/core"} <= links


def test_every_link_of_the_page_leads_somewhere(gateway: Gateway, core: RealCore):
    client = gateway(core)
    page = Page(client.get("/").text)
    anchors = {f"#{attributes['id']}" for _, attributes in page.elements if "id" in attributes}
    for link in page.all("a"):
        assert link["href"] in anchors or client.get(link["href"]).status_code == 200


def test_without_a_core_it_says_so_and_serves(gateway: Gateway):
    answer = gateway(cores.away).get("/")
    page = Page(answer.text)
    assert answer.status_code == 200
    assert "does not answer" in page.texts["dd"][1]
    assert page.all("table") == []
    assert any("comes from the core" in text for text in page.texts["p"])


@pytest.mark.parametrize("core", [cores.slow, cores.busy, cores.crashing])
def test_a_core_that_is_not_well_is_no_fault_of_the_page(gateway: Gateway, core: object):
    assert "does not answer" in gateway(core).get("/").text


def test_a_core_that_hangs_does_not_hold_the_page_up(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
):
    async def hang(*_: object) -> bytes:
        await asyncio.Event().wait()
        return b""

    monkeypatch.setattr(core_client.CoreClient, "get", hang)
    assert "does not answer" in gateway(cores.away).get("/").text


def test_the_core_comes_back_and_the_map_with_it(gateway: Gateway, core: RealCore):
    away = [True]
    client = gateway(lambda request: cores.away(request) if away[0] else core(request))
    assert "<table" not in client.get("/").text
    away[0] = False
    assert "<table" in client.get("/").text


def test_the_vocabulary_is_asked_for_once(gateway: Gateway, core: RealCore):
    client = gateway(core)
    for _ in range(3):
        client.get("/")
    counted = Counter(core.asked)
    assert counted.pop("/v1/about") == 3
    assert set(counted.values()) == {1}


@pytest.mark.parametrize(
    ("query", "header", "language"),
    [("", "en-US,pt", "en"), ("", "pt-BR,pt;q=0.9", "pt"), ("?language=en", "pt", "en")],
)
def test_it_speaks_the_reader_s_language(
    gateway: Gateway, core: RealCore, query: str, header: str, language: str
):
    answer = gateway(core).get(f"/{query}", headers={"Accept-Language": header})
    page = Page(answer.text)
    assert page.all("html") == [{"lang": language}]
    assert ("Criador em Sombra Revelada" in page.texts["td"]) == (language == "pt")
    assert answer.headers["vary"] == "Accept-Language"


def test_it_needs_nothing_from_elsewhere_and_no_script(gateway: Gateway, core: RealCore):
    answer = gateway(core).get("/")
    page = Page(answer.text)
    assert page.all("script") == page.all("style") == []
    assert not [a for _, a in page.elements if "style" in a or any(n[:2] == "on" for n in a)]
    assert {link["href"] for link in page.all("link")} == {"data:,", "/page.css"}
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert gateway(core).get("/page.css").headers["content-type"].startswith("text/css")
    assert "url(" not in STYLE.decode()
    assert "@import" not in STYLE.decode()


def test_the_keyboard_reaches_everything(gateway: Gateway, core: RealCore):
    page = Page(gateway(core).get("/").text)
    skip = page.all("a")[0]
    assert skip["href"] == "#map"
    (scrolled,) = (a for _, a in page.elements if a.get("class") == "scroll")
    assert scrolled["tabindex"] == "0"
    assert scrolled["aria-labelledby"] == "map-title"
    assert ":focus-visible" in STYLE.decode()


def test_what_the_core_says_is_text_and_never_markup(gateway: Gateway):
    about = {"version": "<b>1</b>", "data_version": "<script>"}
    column = {"label": "<i>", "profile": '"><script>', "plane": "3"}
    state = {**column, "archetype_id": "<a>", "description": '"onclick="'}

    def hostile(request: httpx2.Request) -> httpx2.Response:
        kind = request.url.path.rpartition("/")[2]
        lists = {"about": about, "columns": [column], "states": [state], "archetypes": []}
        return httpx2.Response(200, json=lists[kind])

    page = Page(gateway(hostile).get("/").text)
    assert page.all("script") == page.all("b") == page.all("i") == []
    assert page.texts["td"] == ["<i>"]


@pytest.mark.parametrize(("number", "ground"), [(0, "#ffffff"), (1, "#121212")])
def test_the_colours_of_words_can_be_read_in_light_and_dark(number: int, ground: str):
    for name in ("good", "bad"):
        colours = re.findall(rf"--{name}: (#\w{{6}})", STYLE.decode())
        assert _contrast(colours[number], ground) >= 4.5


def _contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio."""
    darker, lighter = sorted(map(_luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
