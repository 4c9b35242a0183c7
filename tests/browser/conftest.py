"""A browser, and the gateway that it looks at.

The services run as processes of their own, or elsewhere: KALDRA_SITE is the address of a gateway,
such as that of a local stack, and KALDRA_API_KEY a key that it knows.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import chromium, watched
from tests.conftest import unused_port
from tests.processes import running

SITE = os.environ.get("KALDRA_SITE", "")
KEY = os.environ.get("KALDRA_API_KEY", "") if SITE else "browser-key-0123456789"
QUIET = {"KALDRA_LOG_LEVEL": "ERROR", "KALDRA_DRAIN_SECONDS": "0"}


@contextmanager
def gateway(core: str, **environment: str) -> Iterator[str]:
    """A gateway in front of `core`, open to all unless told otherwise; its address."""
    port = unused_port()
    settings = {"KALDRA_AUTH": "off", "KALDRA_RATE_LIMIT": "0", **QUIET, **environment}
    with running("app", port, API_PORT=str(port), CORE_SERVICE_URL=core, **settings):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def core() -> Iterator[str]:
    """Address of a core, for gateways with settings of their own."""
    if SITE:
        pytest.skip("needs a gateway with settings of its own, not that of KALDRA_SITE")
    port = unused_port()
    with running("core", port, CORE_PORT=str(port), **QUIET):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def site(request: pytest.FixtureRequest) -> Iterator[str]:
    """Address of a gateway that asks for no key, or whose key the page has already."""
    if SITE:
        yield SITE
        return
    with gateway(request.getfixturevalue("core")) as address:
        yield address


@pytest.fixture(scope="session")
def locked(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Address of a gateway that asks for `KEY`."""
    if SITE:
        yield SITE
        return
    keys = tmp_path_factory.mktemp("keys")
    Path(keys, "browser").write_text(KEY)
    core = request.getfixturevalue("core")
    with gateway(core, KALDRA_AUTH="on", KALDRA_API_KEYS_DIR=str(keys)) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def look(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Page]]:
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
