"""Reading a text, or several, and looking at what was read."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import expect

from app.page import WORDS
from tests.browser.conftest import KEY, Look
from tests.browser.reader import TEXT, is_read, open_tab, paste, read, reading, settled, story

# Playwright's wait_for_function evaluates strings in the page, which the policy forbids.
_COPIED_COMMAND = """async () => {
  let text = "";
  while (!text.startsWith("curl")) {
    await new Promise(requestAnimationFrame);
    text = await navigator.clipboard.readText();
  }
  return text;
}"""


def test_a_pasted_text_is_read_at_once(look: Look, site: str):
    page = look(site)
    paste(page, TEXT)
    is_read(page)
    expect(page.locator(".headline .state")).to_contain_text("Hero")
    expect(page.locator(".headline .state [lang=pt]")).to_contain_text("Herói")
    expect(page.get_by_role("status")).to_contain_text("Read as Hero")
    for title in (
        "What the text says",
        "The 144 states",
        "Δ12: archetypes",
        "TW369: planes and regime",
        "What moved the result",
        "Polarities",
        "Bias, trust and safeguard",
    ):
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()


def test_the_strongest_of_144_cells_is_marked_and_tells_of_itself(look: Look, site: str):
    page = reading(look, site)
    assert page.locator(".map td").count() == 144
    strongest = page.locator(".map td.strongest button")
    expect(strongest).to_have_text("★")
    strongest.hover()
    name = page.locator(".headline .state").inner_text().split("\n")[0]
    expect(page.locator(".map + .told")).to_contain_text(name)


def test_a_marked_word_tells_what_it_was_read_as_and_what_it_moved(look: Look, site: str):
    page = reading(look, site)
    told = page.locator(".reading + .told")
    page.get_by_role("button", name="dare", exact=True).hover()
    expect(told).to_contain_text("was read as: courage")
    expect(told).to_contain_text("It moved Hero by +")
    page.get_by_role("button", name="fear", exact=True).focus()
    expect(told).to_contain_text("is negated and was read as the opposite: courage")
    assert page.locator(".reading").inner_text() == TEXT


def test_offsets_hold_behind_an_emoji(look: Look, site: str):
    page = reading(look, site, f"🔥 {TEXT}")
    expect(page.get_by_role("button", name="raise our guidance", exact=True)).to_be_visible()


@pytest.mark.parametrize(
    ("tab", "heading", "fact"),
    [
        ("Alpha", "Guidance", "raised"),
        ("Geo", "What strains", "Escalation"),
        ("Product", "Verdict", "Net sentiment"),
        ("Safeguard", "Where it shows", "toxicity"),
    ],
)
def test_each_domain_has_its_own_figures(look: Look, site: str, tab: str, heading: str, fact: str):
    page = reading(look, site, f"{TEXT} You are idiots!")
    open_tab(page, tab)
    expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    expect(page.locator("#view")).to_contain_text(fact)


def test_facts_of_a_domain_and_options_reach_the_answer(look: Look, site: str):
    page = reading(look, site)
    page.get_by_text("Options", exact=True).click()
    page.get_by_label("Country (two letters)").fill("BR")
    page.get_by_label("Sector").select_option("finance")
    page.get_by_label("Steps of evolution").fill("11")
    page.get_by_role("button", name="Read", exact=True).click()
    expect(page.get_by_label("Steps of evolution")).to_be_focused()
    page.get_by_label("Steps of evolution").fill("3")
    open_tab(page, "Alpha")
    page.get_by_label("Ticker").fill("KLDR3")
    with page.expect_request("**/alpha/analyze") as asked:
        page.get_by_role("button", name="Read with these facts").click()
    body = json.loads(asked.value.post_data or "")
    assert body["ticker"] == "KLDR3"
    assert body["options"] == {
        "language": "auto",
        "tw_profile": "default",
        "steps": 3,
        "context": {"country": "BR", "sector": "finance"},
    }
    settled(page)
    expect(page.get_by_role("alert")).to_be_hidden()


def test_several_lines_become_a_story_with_a_way_to_each_text(look: Look, site: str):
    page = look(site)
    read(page, story(40), lines=True)
    expect(page.locator(".state")).to_have_text("40 texts as one story")
    assert page.locator(".items tbody tr").count() == 40
    expect(page.get_by_role("img", name="Drift from the text before, in order")).to_be_visible()
    expect(page.get_by_role("meter", name="Index")).to_be_visible()
    expect(page.locator("#view")).to_contain_text("between texts 20 and 21 (p = 0.005)")
    page.locator(".items tbody button").nth(30).click()
    is_read(page)
    expect(page.locator("#which")).to_contain_text("Text 31 of 40")
    open_tab(page, "Geo")
    open_tab(page, "Story")
    expect(page.locator(".state")).to_have_text("40 texts as one story")


def test_five_hundred_texts_are_one_story(look: Look, site: str):
    page = look(site)
    read(page, story(500), lines=True)
    expect(page.locator(".state")).to_have_text("500 texts as one story")
    assert page.locator(".items tbody tr").count() == 500


def test_files_are_read_in_the_order_of_their_names(look: Look, site: str, tmp_path: Path):
    page = look(site)
    files = [tmp_path / name for name in ("call-10.txt", "call-2.txt")]
    for file in files:
        file.write_text(f"{file.stem} raises hope.\nThe plant grows.")
    page.get_by_label("Open files").set_input_files(files)
    expect(page.locator(".state")).to_have_text("2 texts as one story")
    first, second = page.locator("#text").input_value().splitlines()
    assert first == "call-2 raises hope. The plant grows."
    assert second.startswith("call-10")


def test_a_dropped_file_is_read(look: Look, site: str):
    page = look(site)
    page.evaluate(
        """(text) => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([text], "a.txt", { type: "text/plain" }));
            document.getElementById("text").dispatchEvent(
                new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer }));
        }""",
        TEXT,
    )
    is_read(page)
    assert page.locator("#text").input_value() == TEXT


def test_what_is_copied_is_the_answer_and_a_command_that_works(look: Look, locked: str):
    page = look(locked, permissions=["clipboard-read", "clipboard-write"])
    read(page, f"{TEXT} It's so.")
    page.get_by_label("API key").fill(KEY)
    page.get_by_role("button", name="Use key").click()
    is_read(page)
    page.get_by_role("button", name="Copy JSON").click()
    expect(page.get_by_role("status")).to_have_text("Copied.")
    answer = json.loads(page.evaluate("navigator.clipboard.readText()"))
    page.get_by_role("button", name="Copy curl").click()
    command = page.evaluate(_COPIED_COMMAND)
    assert KEY not in command
    if shutil.which("curl"):
        done = subprocess.run(
            ["/bin/sh", "-c", f"{command} --silent"],
            env={"PATH": os.environ["PATH"], "KALDRA_API_KEY": KEY},
            capture_output=True,
            check=True,
        )
        assert json.loads(done.stdout) == answer


def test_the_language_changes_and_nothing_is_lost(look: Look, site: str):
    page = reading(look, site)
    page.get_by_role("link", name="Português").click()
    expect(page.get_by_role("heading", name="O que o texto diz")).to_be_visible()
    expect(page.locator(".headline .state")).to_contain_text("Herói")
    expect(page.locator("html")).to_have_attribute("lang", "pt")
    expect(page).to_have_title(WORDS["pt"]["title"])
    assert page.locator("#text").input_value() == TEXT
    assert page.url == f"{site}/?language=pt"
    page.reload()
    expect(page.get_by_role("heading", name="Ler um texto")).to_be_visible()


def test_nothing_of_a_text_is_kept(look: Look, site: str):
    page = look(site)
    paste(page, TEXT)
    is_read(page)
    assert page.url == f"{site}/"
    assert page.evaluate("localStorage.length") == 0
    assert set(page.evaluate("Object.keys(sessionStorage)")) <= {"kaldra-api-key"}
    assert page.evaluate("document.cookie") == ""
    assert page.evaluate("caches.keys()") == []
