import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from kaldra import versions
from kaldra.errors import KaldraError
from kaldra.toolchain import tools
from kaldra.toolchain.tools import ACTIONLINT_TOOL, KIND_TOOL, KUBECTL_TOOL, PULUMI_TOOL, Tool
from tests.fakes.archives import archive
from tests.fakes.progress import QuietProgress

PLATFORMS = [(s, a) for s in ("linux", "darwin") for a in ("amd64", "arm64")]

pytestmark = pytest.mark.usefixtures("cache", "clone", "linux")


def path(monkeypatch: pytest.MonkeyPatch, *programs: Path) -> None:
    monkeypatch.setenv("PATH", ":".join(str(p.parent) for p in programs))


@pytest.mark.parametrize(
    ("version", "good"),
    [("v1.32.0", False), ("v1.34.9", True), ("v1.36.3", True), ("v1.37.0", False)],
)
def test_kubectl_may_be_one_minor_version_away(version, good, program, monkeypatch):
    kubectl = program("usr/kubectl", f'echo \'{{"gitVersion": "{version}", "go": "go1.1.1"}}\'')
    path(monkeypatch, kubectl)
    assert tools.find(KUBECTL_TOOL) == (kubectl if good else None)


def test_good_one_is_found_behind_a_bad_one(program, monkeypatch):
    old, broken = program("old/kind", "echo 0.20.0"), program("broken/kind", "exit 1")
    good = program("good/kind", f"echo {versions.KIND}")
    path(monkeypatch, old, broken, good)
    assert tools.find(KIND_TOOL) == good


def test_pulumi_needs_its_exact_version_and_its_language_host(program, monkeypatch):
    alone = program("alone/pulumi", f"echo v{versions.PULUMI}")
    other = [program(f"other/{name}", "echo v3.260.0") for name in PULUMI_TOOL.members]
    whole = [program(f"whole/{name}", f"echo v{versions.PULUMI}") for name in PULUMI_TOOL.members]
    path(monkeypatch, alone, other[0], whole[0])
    assert tools.find(PULUMI_TOOL) == whole[0]


@pytest.mark.parametrize(
    "tool", [PULUMI_TOOL, KIND_TOOL, KUBECTL_TOOL, ACTIONLINT_TOOL], ids=lambda t: t.name
)
@pytest.mark.parametrize(("system", "arch"), PLATFORMS)
def test_each_platform_has_its_own_release(tool, system, arch):
    url = tool.url(system, arch)
    assert tool.version in url
    assert system in url
    assert {tool.url(*p) for p in PLATFORMS if p != (system, arch)}.isdisjoint({url})


@pytest.mark.parametrize(("release", "digests"), versions.DIGESTS.items())
def test_digests_are_pinned_for_each_platform(release, digests):
    platforms = {f"{system}-{arch}" for system, arch in PLATFORMS}
    unknown = {"pulumi-resource-docker": {"darwin-amd64"}}
    assert digests.keys() == platforms - unknown.get(release, set())
    assert len(set(digests.values())) == len(digests)


@pytest.fixture
def release(served, monkeypatch):
    """Lets the publishers have a release, whose digest is pinned."""

    def put(tool: Tool, content: bytes) -> None:
        served.files[tool.url("linux", "amd64").partition("://")[2]] = content
        digest = hashlib.sha256(content).hexdigest()
        monkeypatch.setitem(versions.DIGESTS, tool.name, {"linux-amd64": digest})

    return put


def pulumi(*names: str) -> bytes:
    """A release like Pulumi's: programs in a folder, beside others."""
    return archive({f"pulumi/{name}": name for name in names}, "w:gz")


def test_bare_program_is_downloaded_once(release, served):
    release(KIND_TOOL, b"#!/bin/sh\necho kind")
    folders = {tools.ensure_downloaded(KIND_TOOL, QuietProgress()) for _ in range(2)}
    kind = folders.pop() / "kind"
    assert kind.read_bytes() == b"#!/bin/sh\necho kind"
    assert kind.stat().st_mode & 0o777 == 0o755
    assert len(served.asked) == 1


def test_archive_gives_only_what_is_needed(release):
    release(PULUMI_TOOL, pulumi(*PULUMI_TOOL.members, "pulumi-watch"))
    folder = tools.ensure_downloaded(PULUMI_TOOL, QuietProgress())
    assert {p.name for p in folder.iterdir()} == set(PULUMI_TOOL.members)


def test_incomplete_archive_is_not_kept(release, cache):
    release(PULUMI_TOOL, pulumi("pulumi"))
    with pytest.raises(KaldraError, match="lacks pulumi-language-python"):
        tools.ensure_downloaded(PULUMI_TOOL, QuietProgress())
    assert list((cache / "downloaded").iterdir()) == []


def test_release_without_a_pinned_digest_is_refused_by_platform(monkeypatch):
    monkeypatch.setitem(versions.DIGESTS, "kind", {})
    with pytest.raises(KaldraError, match=r"kind .* linux-amd64") as caught:
        tools.ensure_downloaded(KIND_TOOL, QuietProgress())
    assert "KALDRA_ROUTE=registries" in caught.value.hint


def test_later_choice_replaces_the_link_and_holds_for_its_version_only(program):
    for folder in ("v1", "v2"):
        kind = program(f"{folder}/kind", "")
        tools.choose(KIND_TOOL, kind)
        assert [p.readlink() for p in tools.bin_folder().iterdir()] == [kind]
    assert tools.is_chosen(KIND_TOOL)
    assert not tools.is_chosen(replace(KIND_TOOL, version="0.34.0"))
    assert not tools.is_chosen(KUBECTL_TOOL)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda kind, _record: os.utime(kind, ns=(0, 0)),  # another program in its place
        lambda kind, _record: kind.unlink(),
        lambda _kind, record: record.write_text("{"),
    ],
)
def test_program_or_record_that_changed_is_chosen_anew(program, clone, spoil):
    kind = program("v1/kind", "")
    tools.choose(KIND_TOOL, kind)
    spoil(kind, clone / "tools" / "kind.json")
    assert not tools.is_chosen(KIND_TOOL)
    tools.choose(KIND_TOOL, program("v1/kind", ""))
    assert tools.is_chosen(KIND_TOOL)
