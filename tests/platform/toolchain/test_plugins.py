import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from kaldra import versions
from kaldra.errors import KaldraError
from kaldra.toolchain import plugins, tools
from kaldra.toolchain.builds import KUBERNETES_PROVIDER
from kaldra.toolchain.plugins import FOUND, RELEASED, SUBSTITUTE, ensure_plugin, must_build, origin
from kaldra.toolchain.probe import Route
from tests.fakes.archives import archive
from tests.fakes.progress import QuietProgress
from tests.fakes.publishers import Publishers
from tests.platform.toolchain.conftest import LINUX

Write = Callable[[str, str], Path]

pytestmark = pytest.mark.usefixtures("cache", "clone", "linux")


@pytest.fixture
def released(served: Publishers, monkeypatch: pytest.MonkeyPatch) -> Publishers:
    """Publishers of both plugins, whose digests are pinned."""
    for name, tool in plugins.TOOLS.items():
        release = archive({tool.name: f"#!/bin/sh\n# {name}\n"}, "w:gz")
        file = f"{tool.name}-v{versions.PULUMI_PLUGINS[name]}-linux-amd64.tar.gz"
        served.files[f"get.pulumi.com/releases/plugins/{file}"] = release
        digest = hashlib.sha256(release).hexdigest()
        monkeypatch.setitem(versions.DIGESTS, tool.name, {"linux-amd64": digest})
    return served


@pytest.fixture
def built(program: Write) -> Path:
    """Folder of a kubernetes plugin built from Go modules."""
    return program("built/pulumi-resource-kubernetes", "# built").parent


def installed(name: str) -> str:
    return (plugins.folder(name) / plugins.TOOLS[name].name).read_text()


def test_releases_are_installed_once(released, tmp_path, monkeypatch):
    progress = QuietProgress()
    for clone in ("first", "first", "second"):
        monkeypatch.setenv("KALDRA_STATE", str(tmp_path / clone))
        for name in plugins.TOOLS:
            ensure_plugin(name, progress, Route.PUBLISHER)
            assert origin(name) == RELEASED
            assert f"# {name}" in installed(name)
    assert len(released.asked) == 2
    assert progress.said == []


def test_kubernetes_is_built_where_nothing_can_be_downloaded(built):
    assert must_build("kubernetes", Route.REGISTRIES)
    progress = QuietProgress()
    ensure_plugin("kubernetes", progress, Route.REGISTRIES, built)
    assert origin("kubernetes") == f"registries {KUBERNETES_PROVIDER.folder.name}"
    assert "# built" in installed("kubernetes")
    assert not must_build("kubernetes", Route.REGISTRIES)
    ensure_plugin("kubernetes", progress, Route.REGISTRIES)
    assert progress.said == []
    # Of an earlier build, it is built again.
    (plugins.folder("kubernetes") / plugins.ORIGIN).write_text("registries kubernetes-provider-0")
    assert must_build("kubernetes", Route.REGISTRIES)


def test_official_releases_take_the_place_of_what_was_made_here(released, built):
    ensure_plugin("kubernetes", QuietProgress(), Route.REGISTRIES, built)
    ensure_plugin("docker", QuietProgress(), Route.REGISTRIES)
    for route in (Route.PUBLISHER, Route.REGISTRIES):
        for name in plugins.TOOLS:
            assert not must_build(name, Route.PUBLISHER)
            ensure_plugin(name, QuietProgress(), route)
            assert origin(name) == RELEASED


def test_plugin_installed_by_hand_stays(program):
    program(f"{plugins.folder('kubernetes')}/pulumi-resource-kubernetes", "# mine")
    for route in Route:
        assert not must_build("kubernetes", route)
        ensure_plugin("kubernetes", QuietProgress(), route)
    assert origin("kubernetes") == FOUND
    assert "# mine" in installed("kubernetes")


def test_substitute_is_announced_on_every_run():
    progress = QuietProgress()
    for _ in range(2):
        ensure_plugin("docker", progress, Route.REGISTRIES)
    assert len(progress.said) == 2
    assert "docker" in progress.said[0]
    assert origin("docker") == SUBSTITUTE
    assert "-P -m kaldra." in installed("docker")


def test_platform_without_a_pinned_digest_gets_the_substitute(monkeypatch):
    mac = replace(LINUX, system="darwin", arch="amd64")
    monkeypatch.setattr(tools, "machine", lambda: mac)
    ensure_plugin("docker", QuietProgress(), Route.PUBLISHER)
    assert origin("docker") == SUBSTITUTE


@pytest.mark.parametrize("version", ["4.34.2", versions.PULUMI_PLUGINS["kubernetes"]])
def test_former_python_substitutes_are_removed(version, clone, built, program):
    old = clone / "pulumi" / "plugins" / f"resource-kubernetes-v{version}"
    program(f"{old}/pulumi-resource-kubernetes", "exec python")
    (old / "kaldra-substitute").touch()
    assert must_build("kubernetes", Route.REGISTRIES)
    ensure_plugin("kubernetes", QuietProgress(), Route.REGISTRIES, built)
    assert "# built" in installed("kubernetes")
    assert not list(clone.glob("pulumi/plugins/*/kaldra-substitute"))


@pytest.mark.parametrize("content", ["<html>Log in first</html>", ""])
def test_what_is_no_program_is_told_with_the_command_that_helps(content, program):
    folder = plugins.folder("docker")
    program(f"{folder}/pulumi-resource-docker", "").write_text(content)
    with pytest.raises(KaldraError, match="is not a program") as caught:
        ensure_plugin("docker", QuietProgress(), Route.REGISTRIES)
    assert f"rm -rf {folder}" in caught.value.hint


def test_interrupted_installation_is_repeated(clone):
    folder = plugins.folder("docker")
    folder.mkdir(parents=True)
    incomplete = folder.with_name(f"{folder.name}.partial")
    incomplete.touch()
    ensure_plugin("docker", QuietProgress(), Route.REGISTRIES)
    assert origin("docker") == SUBSTITUTE
    assert not incomplete.exists()
