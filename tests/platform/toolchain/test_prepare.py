import dataclasses
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from kaldra import versions
from kaldra.errors import KaldraError
from kaldra.toolchain import builds, engine, gobuild, images, prepare, tools
from kaldra.toolchain.gobuild import Build
from kaldra.toolchain.machine import machine
from kaldra.toolchain.probe import Route
from tests.fakes.progress import QuietProgress

Write = Callable[[str, str], Path]
QUIET = QuietProgress()
PACKAGES = 4000
SCRIPTS = (
    "scripts/exec/pulumi-language-python-exec",
    "scripts/dynamic/pulumi-resource-pulumi-python",
)

pytestmark = pytest.mark.usefixtures("clone")


class Workshop:
    """Stands in for engine, images, builds and plugins; remembers what was made."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.broken = ""

    def make(self, name: str, result: object = None) -> object:
        self.made.append(name)
        if name == self.broken:
            raise KaldraError(f"{name} failed")
        return result

    def build(self, wanted: Build, progress: object, packages: int) -> Path:
        assert packages == PACKAGES
        if wanted.folder.is_dir():
            return wanted.folder
        self.make(f"build {','.join(wanted.outputs)}")
        for program in (*wanted.outputs, *SCRIPTS):
            (wanted.folder / program).parent.mkdir(parents=True, exist_ok=True)
            (wanted.folder / program).touch()
        return wanted.folder


@pytest.fixture
def workshop(cache: Path, program: Write, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    shop = Workshop()
    docker = program("usr/docker", "")

    for module, name, result in (
        (engine, "ensure_engine", docker),
        (images, "ensure_base", "base"),
        (images, "ensure_builder", "builder"),
        (images, "ensure_registry", "registry"),
        (images, "ensure_node_base", "node-base"),
        (images, "ensure_node", "node"),
        (gobuild, "module_folder", cache),
        (prepare, "ensure_plugin", None),
    ):
        made = partial(shop.make, name, result)
        monkeypatch.setattr(module, name, lambda *_, made=made, **__: made())
    monkeypatch.setattr(gobuild, "fetch", lambda *_: PACKAGES)
    monkeypatch.setattr(gobuild, "build", shop.build)
    monkeypatch.setattr(prepare, "route", lambda: Route.REGISTRIES)
    monkeypatch.setenv("PATH", "/nowhere")
    return shop


def test_dev_gets_everything(workshop):
    prepared = prepare.prepare("dev", QUIET, assume_yes=False)
    assert prepared == prepare.Prepared(Route.REGISTRIES, "base", "builder", "node", "registry")
    assert {p.name for p in tools.bin_folder().iterdir()} == {
        *tools.PULUMI_TOOL.members, "docker", "kind", "kubectl",
    }  # fmt: skip
    assert all(p.resolve().exists() for p in tools.bin_folder().iterdir())


def test_a_cluster_is_made_while_the_rest_compiles(workshop):
    there: list[set[str]] = []

    def make(node: str, registry: str) -> None:
        assert (node, registry) == ("node", "registry")
        there.append({p.name for p in tools.bin_folder().iterdir()})

    prepare.prepare("dev", QUIET, assume_yes=False, meanwhile=make)
    assert len(there) == 1
    assert {"docker", "kind", "kubectl"} <= there[0]


def test_local_needs_nothing_of_kubernetes(workshop):
    prepared = prepare.prepare("local", QUIET, assume_yes=False)
    assert (prepared.node_image, prepared.registry_image) == (None, None)
    assert not {"kind", "kubectl"} & {p.name for p in tools.bin_folder().iterdir()}
    assert not any("kube" in name or "node" in name for name in workshop.made)


def test_staging_builds_kubectl_and_no_node(workshop):
    prepare.prepare("staging", QUIET, assume_yes=False)
    assert (tools.bin_folder() / "kubectl").readlink() == builds.KUBECTL.folder / "kubectl"
    assert {"build kubectl", "build pulumi-resource-kubernetes"} <= set(workshop.made)
    assert not builds.NODE.folder.exists()


def test_build_needs_no_pulumi(workshop):
    prepare.prepare("build", QUIET, assume_yes=False)
    assert sorted(workshop.made) == ["ensure_base", "ensure_builder", "ensure_engine"]


def test_second_run_looks_for_no_tool(workshop, monkeypatch):
    prepare.prepare("dev", QUIET, assume_yes=False)
    monkeypatch.setattr(tools, "find", lambda tool: pytest.fail(f"looked for {tool.name}"))
    prepare.prepare("dev", QUIET, assume_yes=False)


def test_tool_of_the_machine_comes_before_route_and_cache(workshop, program, monkeypatch):
    kind = program("usr/kind", f"echo {versions.KIND}")
    monkeypatch.setenv("PATH", str(kind.parent))
    prepare.prepare("dev", QUIET, assume_yes=False)
    assert (tools.bin_folder() / "kind").readlink() == kind


@pytest.mark.parametrize("missing", [(), ("CAP_SYS_RESOURCE",)])
def test_publishers_releases_are_taken_but_for_the_node_of_a_host_with_few_capabilities(
    workshop, tmp_path, monkeypatch, missing
):
    here = dataclasses.replace(machine(), missing_capabilities=missing)
    monkeypatch.setattr(prepare, "machine", lambda: here)
    monkeypatch.setattr(prepare, "route", lambda: Route.PUBLISHER)
    monkeypatch.setattr(tools, "ensure_downloaded", lambda tool, _: tmp_path / tool.name)
    prepared = prepare.prepare("dev", QUIET, assume_yes=False)
    assert prepared.node_image == ("node" if missing else versions.NODE_IMAGE)
    assert (tools.bin_folder() / "kubectl").readlink() == tmp_path / "kubectl" / "kubectl"
    built = [name for name in workshop.made if name.startswith("build ")]
    assert built == [f"build {','.join(builds.NODE.outputs)}"] * len(missing)


@pytest.mark.parametrize("broken", ["ensure_engine", "ensure_base", "build pulumi"])
def test_failure_of_one_part_is_the_failure_of_the_whole(workshop, broken):
    workshop.broken = broken
    with pytest.raises(KaldraError, match=f"^{broken} failed$"):
        prepare.prepare("dev", QUIET, assume_yes=False)
    workshop.broken = ""
    assert prepare.prepare("dev", QUIET, assume_yes=False).node_image == "node"
