"""What the gateway sends for the page at `/`; tests/browser looks at the page itself."""

import gzip
import re
from pathlib import Path
from typing import get_args

import playwright
import pytest
from fastapi import FastAPI

from app import page
from app.page import KINDS, LANGUAGES, STATIC, WORDS
from contract.options import Context, Options
from core.apps import safeguard
from core.kernel import Kernel
from tests.fakes import cores
from tests.processes import ran

FILES = ("/", "/page.css", "/page.js")
NODE = Path(playwright.__file__).parent / "driver" / "node"
"""Playwright brings a node."""


@pytest.fixture(scope="module")
def core() -> FastAPI:
    return cores.real()


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


def test_the_vocabulary_is_asked_for_once_and_again_when_the_core_changes(gateway, monkeypatch):
    core = cores.real()
    client = gateway(core)

    def asked() -> float | None:
        labels = {"method": "GET", "route": "/v1/vocabulary/{kind}", "status": "200"}
        name = "kaldra_http_request_duration_seconds_count"
        return core.metrics.registry.get_sample_value(name, labels)

    first = [client.get("/page/vocabulary") for _ in range(3)][-1]
    assert asked() == len(KINDS)
    monkeypatch.setattr(Kernel, "data_version", "9")
    second = client.get("/page/vocabulary")
    assert asked() == 2 * len(KINDS)
    assert second.json()["about"]["data_version"] == "9"
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
    tag = answer.headers["etag"]
    for held in (tag, f'"x", {tag}'):
        again = client.get(path, headers={"If-None-Match": held})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get(path, headers={"If-None-Match": '"x"'}).status_code == 200
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
    checked = ran(NODE, "--check", "--input-type=module", "-", input=script.decode())
    assert checked.returncode == 0, checked.stderr


def test_the_logic_of_the_modules():
    files = sorted(str(path) for path in Path(__file__).with_name("page").glob("*.test.js"))
    assert files
    done = ran(NODE, "--test", *files)
    assert done.returncode == 0, done.stdout


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
