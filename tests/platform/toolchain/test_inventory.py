import re
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from kaldra import versions
from kaldra.errors import KaldraError
from kaldra.toolchain import inventory, plugins, probe, tools
from kaldra.toolchain.inventory import Finding
from kaldra.toolchain.prepare import Target

PLUGIN = versions.PULUMI_PLUGINS["kubernetes"]


@pytest.fixture(autouse=True)
def _machine(clone: Path, fresh_route: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing on PATH, no publisher, and an engine that is not asked."""
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(inventory, "publishers_reachable", lambda: False)
    monkeypatch.setattr(probe, "publishers_reachable", lambda: False)
    monkeypatch.setattr(inventory, "check_engine", lambda: Finding("Docker Engine"))


def findings(target: Target = "dev") -> dict[str, Finding]:
    return {found.name: found for found in inventory.collect(target)}


def test_every_missing_tool_has_the_command_that_provides_it():
    found = findings()
    for name in ("pulumi", "kind", "kubectl", "plugin kubernetes", "plugin docker"):
        assert "not provided yet" in found[name].problem
        assert found[name].fix == "./kaldra up"
    assert found["Python"] == Finding("Python", sys.version.split()[0], sys.executable)


@pytest.mark.parametrize(
    ("target", "absent"),
    [
        ("local", {"kind", "kubectl", "plugin kubernetes"}),
        ("staging", {"kind"}),
        ("build", {"pulumi", "kind", "kubectl", "Go"}),
    ],
)
def test_only_what_the_target_needs_is_looked_at(target, absent):
    assert not absent & findings(target).keys()


def test_failing_check_hides_no_other(monkeypatch):
    def fail() -> Finding:
        raise KaldraError("no right to ask", hint="sudo")

    monkeypatch.setattr(inventory, "check_engine", fail)
    nothing: dict[str, Finding] = {}
    monkeypatch.setattr(inventory, "check_disk", lambda: nothing["gone"])
    found = findings()
    assert found["Docker Engine"] == Finding("Docker Engine", problem="no right to ask", fix="sudo")
    assert found["disk"].problem == "KeyError: 'gone'"
    assert found["kind"].problem


def test_program_with_the_wrong_version_is_named(program, monkeypatch):
    kubectl = program("usr/kubectl", "echo v1.32.0")
    monkeypatch.setenv("PATH", str(kubectl.parent))
    assert findings()["kubectl"].where == f"{kubectl} is 1.32.0"


@pytest.mark.parametrize(
    ("folder", "route"),
    [("cache/built", "registries"), ("cache/downloaded", "publisher"), ("usr", "found")],
)
def test_chosen_program_tells_where_it_came_from(folder, route, program):
    kind = program(f"{folder}/kind", f"echo {versions.KIND}")
    tools.choose(tools.KIND_TOOL, kind)
    assert findings()["kind"] == Finding("kind", versions.KIND, str(kind), route)


def test_chosen_program_that_broke_is_told(program):
    kind = program("usr/kind", "exit 1")
    tools.choose(tools.KIND_TOOL, kind)
    found = findings()["kind"]
    assert (found.problem, found.fix) == ("it does not answer", "./kaldra up")


def test_full_disk_and_lost_connection_are_told(monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10**9))
    monkeypatch.setenv("KALDRA_ROUTE", "publisher")
    found = findings()
    assert "nearly full" in found["disk"].problem
    assert found["route"].problem == "nothing new can be downloaded"
    assert "KALDRA_ROUTE=registries" in found["route"].fix


@pytest.mark.parametrize(
    ("origin", "version", "route", "where"),
    [
        ("", PLUGIN, "found", "resource-kubernetes-v"),
        ("publisher", PLUGIN, "publisher", "resource-kubernetes-v"),
        ("registries kubernetes-provider-0", PLUGIN, "registries", "without .* helm.sh/v4 Chart"),
        ("substitute", f"{PLUGIN} (substitute)", "registries", "resource-kubernetes-v"),
    ],
)
def test_plugin_tells_where_it_came_from(origin, version, route, where, program):
    folder = plugins.folder("kubernetes")
    program(f"{folder}/pulumi-resource-kubernetes", "")
    if origin:
        (folder / plugins.ORIGIN).write_text(origin)
    found = findings()["plugin kubernetes"]
    assert (found.version, found.route, found.problem) == (version, route, "")
    assert re.search(where, found.where)
