"""`/docs`: Swagger UI under the strict policy."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import screenshot
from tests.browser.conftest import KEY

Look = Callable[..., Page]


def test_a_route_is_tried_with_a_key(look: Look, locked: str):
    page = look(locked, "/docs")
    block = page.locator(".opblock", has=page.locator('[data-path="/engine/kaldra/signal"]'))
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    block.get_by_role("button", name="Execute").click()
    expect(block.locator(".live-responses-table .response-col_status").last).to_contain_text("401")
    page.get_by_role("button", name="Authorize").first.click()
    page.locator(".auth-container input").fill(KEY)
    page.locator(".auth-btn-wrapper .authorize").click()
    page.locator(".btn-done").click()
    block.get_by_role("button", name="Execute").click()
    expect(block.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
    screenshot(page, "docs-1280-light")


@pytest.mark.parametrize("path", ["/status/", "/engine/kaldra/window", "/safeguard/evaluate"])
def test_every_route_has_a_sentence(look: Look, site: str, path: str):
    page = look(site, "/docs")
    block = page.locator(".opblock", has=page.locator(f'[data-path="{path}"]'))
    expect(block.locator(".opblock-summary-description")).to_contain_text(" ")
