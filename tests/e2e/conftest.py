"""One copy of the clone and one cluster serve all end-to-end tests, in the order of the files."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.clone import FIRST_UP_SECONDS, Clone, new_clone
from tests.e2e.docker import engine_answers, remove_leftovers

FOLDER = Path(__file__).parent
BROWSER = FOLDER.parent / "browser"
ON_THE_STACK = "test_the_page_s_own_tests_hold_on_the_stack"
"""Runs the browser tests on the local stack."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # Once is enough: only tests with a gateway of their own need processes then.
    if "e2e" not in config.option.markexpr and any(item.name == ON_THE_STACK for item in items):
        twice = [item for item in items if _runs_on_the_stack(item)]
        config.hook.pytest_deselected(items=twice)
        items[:] = [item for item in items if item not in twice]
    for item in items:
        if FOLDER in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.timeout(FIRST_UP_SECONDS + 600))
    # They come last: what a unit test finds is found sooner. Staging comes after the rest: the
    # dev cluster has gone by then.
    items.sort(key=_turn)


def _runs_on_the_stack(item: pytest.Item) -> bool:
    return BROWSER in item.path.parents and "core" not in getattr(item, "fixturenames", ())


def _turn(item: pytest.Item) -> int:
    if item.get_closest_marker("e2e") is None:
        return 0
    if FOLDER / "staging" in item.path.parents:
        return 3
    # Stops the engine, which the docker provider's tests need.
    return 2 if item.path.name == "test_19_down.py" else 1


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
    if engine_answers():
        remove_leftovers()
    assert clone.decoy.read_bytes() == untouched


@pytest.fixture
def platform(clone: Clone) -> Clone:
    """The copy, deployed and serving; what a test leaves otherwise is put right by the next."""
    if not clone.settled:
        clone.up(seconds=FIRST_UP_SECONDS)
    return clone


@pytest.fixture
def breakable(platform: Clone) -> Clone:
    """The same, for tests that break it: it counts as broken until an `up` ends well."""
    platform.settled = False
    return platform
