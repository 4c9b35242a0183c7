import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kaldra.errors import ConfigurationError
from kaldra.toolchain import probe
from kaldra.toolchain.files import replace_text
from kaldra.toolchain.probe import Route

pytestmark = pytest.mark.usefixtures("fresh_route")


def test_publishers_come_first_and_the_next_run_remembers(served, monkeypatch):
    assert probe.route() is Route.PUBLISHER
    probe.route.cache_clear()
    monkeypatch.setattr(probe, "publishers_reachable", lambda: pytest.fail("asked again"))
    assert probe.route() is Route.PUBLISHER


@pytest.mark.usefixtures("unreachable")
def test_registries_serve_where_publishers_do_not_answer():
    assert probe.route() is Route.REGISTRIES


@pytest.mark.usefixtures("unreachable")
def test_environment_decides_without_asking(monkeypatch):
    monkeypatch.setenv("KALDRA_ROUTE", "publisher")
    assert probe.route() is Route.PUBLISHER


def test_unknown_route_is_a_configuration_error(monkeypatch):
    monkeypatch.setenv("KALDRA_ROUTE", "mirror")
    with pytest.raises(ConfigurationError, match="KALDRA_ROUTE=mirror") as caught:
        probe.route()
    assert "publisher or registries" in caught.value.hint


@pytest.mark.parametrize(
    ("last", "online", "now"),
    [
        (Route.PUBLISHER, False, Route.PUBLISHER),
        (Route.REGISTRIES, False, Route.REGISTRIES),
        (Route.REGISTRIES, True, Route.PUBLISHER),
    ],
)
def test_machine_keeps_its_route_until_publishers_answer(cache, monkeypatch, last, online, now):
    record = {"route": last.value, "probed": 0}
    replace_text(cache / "route.json", json.dumps(record))
    monkeypatch.setattr(probe, "publishers_reachable", lambda: online)
    assert probe.route() is now


def test_two_checks_at_once_remember_it_both(cache, monkeypatch):
    both_written = threading.Barrier(2)
    rename = Path.rename

    def late(self: Path, target: Path) -> Path:
        both_written.wait(30)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", late)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: replace_text(cache / "route.json", "{}"), range(2)))
    assert [path.name for path in cache.iterdir()] == ["route.json"]
