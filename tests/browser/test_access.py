"""By keyboard, with a screen reader, on a small screen, in the dark, without motion."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.chromium import screenshot
from tests.browser.reader import TEXT, is_read, read, reading, settled, story

TABS = ("alpha", "geo", "product", "safeguard")


def test_the_keyboard_alone_reads_a_text_and_looks_at_it(look, site):
    page = look(site)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the text")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.type(TEXT)
    page.keyboard.press("Control+Enter")
    is_read(page)
    tab_to(page, "#signal")
    tab_to(page, ".term")
    first = focused(page)
    page.keyboard.press("ArrowRight")
    assert focused(page) != first
    expect(page.locator(".reading + .told")).to_contain_text("was read as")
    tab_to(page, ".map button")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".map + .told")).to_contain_text("Sage Visionary")
    page.locator("#signal").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Alpha")).to_be_focused()
    expect(page.get_by_role("heading", name="Guidance", exact=True)).to_be_visible()
    settled(page)


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until an element has the focus, which has to be soon."""
    for _ in range(25):
        page.keyboard.press("Tab")
        if page.evaluate(f"document.activeElement.matches({selector!r})"):
            return
    raise AssertionError(f"{selector} is not reached")


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent"))


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize(("scheme", "locale"), [("light", "en-US"), ("dark", "pt-BR")])
def test_every_view_fits_and_breaks_no_rule(look, site, width, scheme, locale):
    page = look(
        site,
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        locale=locale,
        reduced_motion="reduce",
    )

    def check(name: str) -> None:
        settled(page)
        screenshot(page, f"{name}-{width}-{scheme}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()

    check("start")
    page.locator("details summary").first.click()
    page.locator("[data-example=chat]").click()
    is_read(page)
    page.locator(".term").first.focus()
    check("signal")
    for tab in TABS:
        page.locator(f"#{tab}").click()
        expect(page.locator("#view .card").first).to_be_visible()
        check(tab)
    page.locator("#lines").check()
    page.locator("#text").fill(story(40))
    page.locator("#form .primary").click()
    expect(page.locator(".items")).to_be_visible()
    check("story")


def test_nothing_moves_where_that_is_asked_for(look, site):
    for motion, still in (("reduce", True), ("no-preference", False)):
        page = look(site, reduced_motion=motion)
        read(page, TEXT)
        is_read(page)
        durations = page.evaluate(
            """[...document.querySelectorAll("*")].map(
                (each) => getComputedStyle(each).transitionDuration)"""
        )
        assert (set(durations) == {"0s"}) == still


def test_a_screen_reader_finds_tables_heads_and_live_regions(look, site):
    page = reading(look, site)
    states = page.get_by_role("table", name="Probability of each state")
    assert states.get_by_role("columnheader").count() == 13
    assert states.get_by_role("rowheader").count() == 12
    bars = page.get_by_role("table", name="Δ12: archetypes")
    assert bars.get_by_role("row").count() == 1 + 12
    assert page.get_by_role("meter", name="Index").get_attribute("aria-valuenow") is not None
    expect(page.get_by_role("status")).to_contain_text("confidence")
    expect(page.locator("[aria-live=polite]")).to_have_count(2)
