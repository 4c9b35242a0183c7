"""A headless Chromium, and what a page did in it that no page of ours may do."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from kaldra.errors import KaldraError
from kaldra.toolchain.engine import install_packages
from kaldra.toolchain.machine import machine
from tests.fakes.progress import QuietProgress

NAMES = ("chromium", "chromium-browser", "google-chrome")
PACKAGES = ("chromium", "fonts-dejavu-core")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 120_000
"""Milliseconds: slow is not lost on a busy machine. bench/page.py measures."""

SCREENSHOTS = Path(__file__).resolve().parents[2] / "dist" / "screenshots"

_REFUSED = re.compile(r"Failed to load resource: (the server responded|net::ERR_INTERNET)")
"""What Chromium itself writes of an answer that is not a success."""

_VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""


@cache
def program() -> str:
    """Path of a Chromium; installed on Debian where this is root. Skips where none can be had."""
    found = _found()
    if found is None and machine().debian and machine().root:
        try:
            with QuietProgress().step("Chromium") as step:
                install_packages(PACKAGES, step)
        except KaldraError as error:
            pytest.skip(f"No Chromium, and it could not be installed: {error}")
        found = _found()
    if found is None:
        pytest.skip(
            f"No Chromium: none of {', '.join(NAMES)} is on PATH (apt-get install chromium)"
        )
    return found


def _found() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser with a profile of its own."""
    path = program()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=list(FLAGS), timeout=PATIENCE
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def watched(browser: Browser, origin: str, **options: Any) -> Iterator[Page]:
    """A page of its own; at the end nothing failed in it and it asked nobody but `origin`."""
    expect.set_options(timeout=PATIENCE)
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE)
    context.add_init_script(_VIOLATIONS)
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text) if _bad(message.type) else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    try:
        yield page
        assert [each for each in said if not _REFUSED.match(each)] == []
        assert [url for url in asked if not url.startswith((origin, "data:", "blob:"))] == []
        assert page.evaluate("window.violations") == []
    finally:
        context.close()


def _bad(kind: str) -> bool:
    return kind in ("error", "warning")


def screenshot(page: Page, name: str) -> None:
    """Keep a picture of the whole page."""
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
