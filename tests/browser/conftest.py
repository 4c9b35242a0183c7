"""A browser, and the gateway that it looks at.

The services run as processes of their own, or elsewhere: KALDRA_SITE is the address of a gateway,
such as that of a local stack, and KALDRA_API_KEY a key that it knows.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import chromium, watched
from tests.processes import computing, gateway

SITE = os.environ.get("KALDRA_SITE", "")
KEY = os.environ.get("KALDRA_API_KEY", "") if SITE else "browser-key-0123456789"
Look = Callable[..., Page]


@pytest.fixture(scope="session")
def core() -> Iterator[str]:
    """Address of a core, for gateways with settings of their own."""
    if SITE:
        pytest.skip("needs a gateway with settings of its own, not that of KALDRA_SITE")
    with computing() as core:
        yield core.url


@pytest.fixture(scope="session")
def site(request) -> Iterator[str]:
    """Address of a gateway that asks for no key, or whose key the page has already."""
    if SITE:
        yield SITE
        return
    with gateway(request.getfixturevalue("core")) as found:
        yield found.url


@pytest.fixture(scope="session")
def locked(request, tmp_path_factory) -> Iterator[str]:
    """Address of a gateway that asks for `KEY`."""
    if SITE:
        yield SITE
        return
    keys = tmp_path_factory.mktemp("keys")
    Path(keys, "browser").write_text(KEY)
    core = request.getfixturevalue("core")
    with gateway(core, KALDRA_AUTH="on", KALDRA_API_KEYS_DIR=str(keys)) as found:
        yield found.url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def look(browser, request) -> Iterator[Look]:
    """Opens watched pages: `look(address, color_scheme="dark")`."""
    known = KEY if SITE and "locked" not in request.fixturenames else ""
    with ExitStack() as pages:

        def opened(address: str, path: str = "/", **options: Any) -> Page:
            page = pages.enter_context(watched(browser, address, **{"locale": "en-US", **options}))
            if known:
                page.add_init_script(f"sessionStorage.setItem('kaldra-api-key', {known!r})")
            page.goto(address + path)
            return page

        yield opened
