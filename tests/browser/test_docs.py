"""`/docs`: Swagger UI under the strict policy."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.chromium import screenshot
from tests.browser.conftest import KEY, Look


def accessible(page: Page) -> None:
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def test_a_route_is_tried_with_a_key(look: Look, locked: str):
    page = look(locked, "/docs")
    expect(page.locator(".opblock").first).to_be_visible()
    accessible(page)
    block = page.locator(".opblock", has=page.locator('[data-path="/engine/kaldra/signal"]'))
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    block.get_by_role("button", name="Execute").click()
    expect(block.locator(".live-responses-table .response-col_status").last).to_contain_text("401")
    page.get_by_role("button", name="Authorize").first.click()
    page.locator(".auth-container input").fill(KEY)
    accessible(page)
    page.locator(".auth-btn-wrapper .authorize").click()
    page.locator(".btn-done").click()
    block.get_by_role("button", name="Execute").click()
    expect(block.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
    page.locator(".models-control").click()
    expect(page.locator(".json-schema-2020-12").first).to_be_visible()
    accessible(page)
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 800})
        screenshot(page, f"docs-{width}-light")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
