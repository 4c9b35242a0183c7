import io
import sys
import tarfile
from pathlib import Path

import pytest

from kaldra.errors import KaldraError
from kaldra.plugins.install import Installed, install, installed
from kaldra.toolchain import plugins
from kaldra.toolchain.pins import PLUGINS
from kaldra.toolchain.plugins import ensure_plugins
from kaldra.toolchain.probe import Route
from tests.platform.publishers import Publishers, Recorder
from tests.platform.toolchain.conftest import LINUX

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture(autouse=True)
def _linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "machine", lambda: LINUX)


def serve(served: Publishers, name: str, content: bytes = b"#!/bin/sh\n") -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as release:
        entry = tarfile.TarInfo(f"pulumi-resource-{name}")
        entry.size = len(content)
        release.addfile(entry, io.BytesIO(content))
    file = f"pulumi-resource-{name}-v{PLUGINS[name]}-linux-amd64.tar.gz"
    served.files[f"get.pulumi.com/releases/plugins/{file}"] = buffer.getvalue()


def test_official_ones_replace_substitutes_where_they_can_be_had(
    served: Publishers, clone: Path
) -> None:
    serve(served, "kubernetes")
    serve(served, "docker")
    install(clone / "pulumi", Path(sys.executable), ["docker"])
    progress = Recorder()
    for _ in range(2):
        names = ["kubernetes", "docker"]
        assert ensure_plugins(names, progress, route=Route.PUBLISHER) == []
    assert {installed(clone / "pulumi", n) for n in PLUGINS} == {Installed.OFFICIAL}
    assert progress.notes == []
    assert len(served.asked) == 2


def test_next_clone_takes_them_from_the_cache(
    served: Publishers, clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(served, "docker")
    ensure_plugins(["docker"], Recorder(), route=Route.PUBLISHER)
    monkeypatch.setenv("KALDRA_STATE", str(tmp_path / "second"))
    ensure_plugins(["docker"], Recorder(), route=Route.PUBLISHER)
    assert installed(tmp_path / "second" / "pulumi", "docker") is Installed.OFFICIAL
    assert len(served.asked) == 1


def test_failed_download_leaves_no_half_a_plugin(served: Publishers, clone: Path) -> None:
    with pytest.raises(KaldraError, match="404"):
        ensure_plugins(["docker"], Recorder(), route=Route.PUBLISHER)
    assert installed(clone / "pulumi", "docker") is Installed.MISSING


@pytest.mark.parametrize("what", ["page", "cut", "empty"])
def test_what_is_no_plugin_is_not_kept_and_not_remembered(
    served: Publishers, clone: Path, what: str
) -> None:
    serve(served, "docker", b"#!/bin/sh\n" + bytes(range(256)) * 40)
    (address,) = served.files
    good = served.files[address]
    other = io.BytesIO()
    tarfile.open(fileobj=other, mode="w:gz").close()
    served.files[address] = {
        "page": b"<html>Log in first</html>", "cut": good[:-40], "empty": other.getvalue()
    }[what]  # fmt: skip
    with pytest.raises(KaldraError, match=r"serves no plugin: .*\. The file was") as told:
        ensure_plugins(["docker"], Recorder(), route=Route.PUBLISHER)
    assert "KALDRA_ROUTE=registries" in (told.value.hint or "")
    assert installed(clone / "pulumi", "docker") is Installed.MISSING
    served.files[address] = good
    ensure_plugins(["docker"], Recorder(), route=Route.PUBLISHER)
    assert installed(clone / "pulumi", "docker") is Installed.OFFICIAL


def test_substitutes_are_announced_on_every_run(clone: Path) -> None:
    progress = Recorder()
    for _ in range(2):
        assert ensure_plugins(["docker"], progress, route=Route.REGISTRIES) == ["docker"]
    assert len(progress.notes) == 2
    assert "docker" in progress.notes[0]
    assert installed(clone / "pulumi", "kubernetes") is Installed.MISSING
