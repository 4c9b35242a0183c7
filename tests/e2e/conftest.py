"""One copy of the clone serves all tests of a process, and one cluster those of the group dev."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.clone import FIRST_UP_SECONDS, Clone, new_clone
from tests.e2e.docker import remove_leftovers
from tests.e2e.groups import ORDER, group_of
from tests.e2e.machine import alone_on_the_machine

FOLDER = Path(__file__).parent
BROWSER = FOLDER.parent / "browser"
ON_THE_STACK = "test_the_page_s_own_tests_hold_on_the_stack"
"""Runs the browser tests on the local stack."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # Once is enough: only tests with a gateway of their own need processes then.
    if "e2e" not in config.option.markexpr and any(item.name == ON_THE_STACK for item in items):
        twice = [
            item
            for item in items
            if BROWSER in item.path.parents and "core" not in getattr(item, "fixturenames", ())
        ]
        config.hook.pytest_deselected(items=twice)
        items[:] = [item for item in items if item not in twice]
    for item in items:
        if FOLDER in item.path.parents:
            item.add_marker(pytest.mark.timeout(FIRST_UP_SECONDS + 600))
    # The last one of dev stops the engine, which the docker provider's tests need.
    items.sort(
        key=lambda item: (ORDER.index(group_of(item.nodeid)), item.path.name == "test_19_down.py")
    )


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """As on a terminal: in a script's background job plain Pulumi waits 5 s for each plugin."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    """The copy, with nothing running."""
    folder = tmp_path_factory.mktemp("e2e")
    clone = new_clone(folder)
    remove_leftovers()
    untouched = clone.decoy.read_bytes()
    yield clone
    (folder / "transcript.log").write_text("\n".join(clone.transcript))
    assert clone.decoy.read_bytes() == untouched


@pytest.fixture
def platform(clone: Clone) -> Clone:
    """The copy, deployed and serving; what a test leaves otherwise is put right by the next."""
    if not clone.settled:
        clone.up()
    return clone


@pytest.fixture
def breakable(platform: Clone) -> Clone:
    """The same, for tests that break it: it counts as broken until an `up` ends well."""
    platform.settled = False
    return platform


@pytest.fixture
def alone() -> Iterator[None]:
    """For tests of what is the whole machine's: no command of another group runs meanwhile."""
    with alone_on_the_machine():
        yield
