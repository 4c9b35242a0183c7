"""What the gateway sends for the page at `/`; tests/browser looks at the page itself."""

import gzip
import re
import subprocess
from collections import Counter
from typing import get_args
from unittest.mock import Mock

import httpx2
import pytest
from starlette.testclient import TestClient

from app import page
from app.page import LANGUAGES, STATIC, WORDS
from contract.options import Context, Options
from core.apps import safeguard
from core.kernel import Kernel
from tests.app.test_page_modules import NODE
from tests.fakes import cores

FILES = ("/", "/page.css", "/page.js")


@pytest.fixture(scope="module")
def real() -> TestClient:
    return TestClient(cores.real())


@pytest.fixture
def core(real) -> Mock:
    """The real core, answering in this process."""

    def get(request: httpx2.Request) -> httpx2.Response:
        answer = real.get(request.url.raw_path.decode())
        return httpx2.Response(answer.status_code, content=answer.content, headers=cores.JSON)

    return Mock(side_effect=get)


@pytest.mark.parametrize(
    ("query", "header", "language"),
    [("", "en-US,pt", "en"), ("", "pt-BR,pt;q=0.9", "pt"), ("?language=en", "pt", "en")],
)
def test_it_speaks_the_reader_s_language(gateway, query, header, language):
    answer = gateway(cores.away).get(f"/{query}", headers={"Accept-Language": header})
    assert f'<html lang="{language}">' in answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "Accept-Language" in answer.headers["vary"]


def test_the_page_needs_no_core_but_its_vocabulary_does(gateway):
    client = gateway(cores.away)
    assert all(client.get(path).status_code == 200 for path in FILES)
    answer = client.get("/page/vocabulary")
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "core_unavailable"


def test_the_vocabulary_is_asked_for_once_and_again_when_the_core_changes(gateway, core):
    client = gateway(core)
    for _ in range(3):
        client.get("/page/vocabulary")
    counted = Counter(call.args[0].url.path for call in core.call_args_list)
    assert counted.pop("/v1/about") == 3
    assert set(counted.values()) == {1}

    def newer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/v1/about":
            return httpx2.Response(200, json={"version": "9", "data_version": "9"})
        return core(request)

    updated = False
    client = gateway(lambda request: newer(request) if updated else core(request))
    first = client.get("/page/vocabulary")
    updated = True
    second = client.get("/page/vocabulary")
    assert second.json()["about"]["version"] == "9"
    assert first.headers["etag"] != second.headers["etag"]


def test_the_vocabulary_names_what_the_kernel_names(gateway, core):
    found = gateway(core).get("/page/vocabulary?language=pt").json()
    kernel = Kernel.load()
    assert found["states"] == kernel.vocabulary("states", "pt")
    assert found["about"]["data_version"] == kernel.data_version


@pytest.mark.parametrize("path", [*FILES, "/page/vocabulary"])
def test_what_a_browser_has_is_not_sent_again(gateway, core, path):
    client = gateway(core)
    answer = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["vary"]
    again = client.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == answer.content


def test_the_page_is_small(gateway, core):
    client = gateway(core)
    sizes = {
        path: len(gzip.compress(client.get(path).content, 9))
        for path in (*FILES, "/page/vocabulary")
    }
    assert sum(sizes.values()) <= 100_000, sizes


def test_the_policy_allows_nothing_from_elsewhere(gateway):
    policy = gateway(cores.away).get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    assert "url(" not in page.STYLE.decode()


def test_the_script_is_one_module_of_unique_names():
    script = page.script()
    assert not re.search(rb"^(import|export)\b", script, re.MULTILINE)
    checked = subprocess.run(
        [NODE, "--check", "--input-type=module", "-"],
        input=script,
        capture_output=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr.decode()


def test_no_text_reaches_markup_an_address_or_storage():
    script = page.script().decode()
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert forbidden not in script
    assert "localStorage" not in script
    assert re.findall(r"sessionStorage\.setItem\((\w+),", script) == ["KEY"]
    assert re.findall(r"history\.\w+\(.*", script) == [
        'history.replaceState(null, "", `/?language=${language()}`);'
    ]


def test_both_languages_have_the_same_words_with_the_same_blanks():
    english, portuguese = (WORDS[language] for language in LANGUAGES)
    assert english.keys() == portuguese.keys()
    for key, text in english.items():
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(
            re.findall(r"\{\w+\}", portuguese[key])
        ), key


def test_every_word_of_page_and_script_exists():
    html = page.render("en").decode()
    used = set(re.findall(r'data-(?:word|label)="([\w.]+)"', html))
    script = page.script().decode()
    used |= set(re.findall(r'\bt\(\s*"([\w.]+)"', script))
    used |= {
        f"head.{k}"
        for keys in re.findall(r"\bheads\(([^)]*)\)", script)
        for k in re.findall(r'"(\w+)"', keys)
    }
    assert used <= WORDS["en"].keys()
    assert len(used) > 150


def test_every_choice_of_the_api_has_a_word_and_a_field():
    html = page.render("en").decode()
    for model in (Options, Context):
        for name, field in model.model_fields.items():
            if name in ("context", "explain"):
                continue
            assert f'name="{name}"' in html
            for value in _choices(field.annotation):
                assert f"value.{value}" in WORDS["en"]
                assert f'<option value="{value}"' in html


def test_every_advice_of_the_core_has_words():
    said = {advice for _, advice in safeguard.FLAGS.values()} | {
        safeguard.THREAT_ADVICE,
        safeguard.CLEAR_ADVICE,
        safeguard.WATCH_ADVICE,
    }
    assert said == {key.removeprefix("advice.") for key in WORDS["en"] if key.startswith("advice.")}


def _choices(annotation: object) -> list[str]:
    """The texts that a Literal allows, alone or beside None."""
    found = [each for part in get_args(annotation) for each in (get_args(part) or (part,))]
    return [each for each in found if isinstance(each, str)]


def test_words_are_text_and_never_markup():
    for language in LANGUAGES:
        html = page.render(language).decode()
        data = html.partition('id="words">')[2].partition("</script>")[0]
        assert "<" not in data
    assert (STATIC / "page.html").read_text().count("<script") == 2
