"""The services as processes, and a browser that looks at them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import chromium, watched
from tests.conftest import unused_port
from tests.processes import running

KEY = "browser-key-0123456789"
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
    """Address of a core."""
    port = unused_port()
    with running("core", port, CORE_PORT=str(port), **QUIET):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def site(core: str) -> Iterator[str]:
    """Address of a gateway that asks for no key."""
    with gateway(core) as address:
        yield address


@pytest.fixture(scope="session")
def locked(core: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a gateway that asks for `KEY`."""
    keys = tmp_path_factory.mktemp("keys")
    Path(keys, "browser").write_text(KEY)
    with gateway(core, KALDRA_AUTH="on", KALDRA_API_KEYS_DIR=str(keys)) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def look(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens watched pages: `look(address, color_scheme="dark")`."""
    with ExitStack() as pages:

        def opened(address: str, path: str = "/", **options: Any) -> Page:
            page = pages.enter_context(watched(browser, address, **{"locale": "en-US", **options}))
            page.goto(address + path)
            return page

        yield opened
