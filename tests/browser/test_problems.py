"""What is said when something fails; the text stays where it was."""

import pytest
from playwright.sync_api import Page, Route, expect

from contract.requests import LONGEST_TEXT
from tests.browser.conftest import KEY, Look
from tests.browser.reader import TEXT, is_read, read
from tests.conftest import unused_port
from tests.processes import gateway


def says(page: Page, words: str, text: str = TEXT) -> None:
    expect(page.get_by_role("alert")).to_contain_text(words)
    assert page.locator("#text").input_value() == text


def test_a_key_is_asked_for_and_kept_for_the_tab(look: Look, locked: str):
    page = look(locked)
    read(page, TEXT)
    says(page, "wants an API key")
    key = page.get_by_label("API key")
    expect(key).to_be_focused()
    key.fill("wrong-key-0123456789")
    key.press("Enter")
    says(page, "wants an API key")
    key.fill(KEY)
    key.press("Enter")
    is_read(page)
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(key).to_be_hidden()
    assert page.evaluate("localStorage.length") == 0
    page.reload()
    read(page, TEXT)
    is_read(page)


def test_a_core_that_is_away_is_told_and_the_next_try_works_without_it(look: Look, core: str):
    with gateway(f"http://127.0.0.1:{unused_port()}") as api:
        page = look(api.url)
        says(page, "The core does not answer", "")
        expect(page.locator("#core")).to_have_text("does not answer")
        read(page, TEXT)
        says(page, "The core does not answer")


def test_a_limit_is_told_with_the_time_to_wait(look: Look, core: str):
    with gateway(core, KALDRA_RATE_LIMIT="1") as api:
        page = look(api.url)
        for _ in range(3):
            read(page, TEXT)
        says(page, "The limit of requests is reached. Wait")


def test_a_text_that_is_too_long_is_told_with_both_numbers(look: Look, site: str):
    page = look(site)
    text = "a" * (LONGEST_TEXT + 1)
    read(page, text)
    says(page, "Text 1 has 50,001 characters; 50,000 is the limit", text)


def test_an_empty_text_is_told(look: Look, site: str):
    page = look(site)
    read(page, "")
    says(page, "no text to read", "")


def test_an_abstention_is_explained(look: Look, site: str):
    page = look(site)
    read(page, "qwerty asdf zxcv")
    expect(page.get_by_role("heading", name="No state is named")).to_be_visible()
    expect(page.locator(".headline")).to_contain_text("the kernel abstains")


def test_a_gateway_that_cannot_be_reached_is_told(look: Look, site: str):
    page = look(site)
    page.context.set_offline(True)
    read(page, TEXT)
    says(page, "The gateway cannot be reached")
    page.context.set_offline(False)
    read(page, TEXT)
    is_read(page)


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        ("core_timeout", 504, "takes too long"),
        ("core_failed", 502, "failed while reading"),
        ("internal_error", 500, "could not answer"),
        ("body_too_large", 413, "too large together"),
    ],
)
def test_other_faults_are_told_too(look: Look, site: str, code: str, status: int, words: str):
    page = look(site)
    error = {"error": {"code": code, "message": "", "details": [], "request_id": ""}}
    page.route("**/engine/kaldra/signal", lambda route: route.fulfill(status=status, json=error))
    read(page, TEXT)
    says(page, words)


def test_a_newer_reading_wins_over_one_that_is_on_its_way(look: Look, site: str):
    page = look(site)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/engine/kaldra/signal", hold, times=1)
    read(page, "The plant closes in fear.")
    expect(page.locator("#result")).to_have_attribute("aria-busy", "true")
    read(page, TEXT)
    is_read(page)
    expect(page.locator(".headline .state")).to_contain_text("Hero")
