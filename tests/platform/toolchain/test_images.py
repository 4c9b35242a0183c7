"""Base, builder, registry and node images: what is decided before the engine is asked."""

import dataclasses
from pathlib import Path

import pytest

from kaldra.toolchain import debian, docker_client, image_archive, images
from kaldra.toolchain.machine import machine
from kaldra.toolchain.probe import Route
from kaldra.versions import PYTHON_IMAGE, REGISTRY_IMAGE
from tests.fakes.progress import QuietProgress


@pytest.fixture
def built(monkeypatch):
    """Builds nothing; remembers tags and Dockerfiles in order."""
    made: list[tuple[str, str]] = []
    monkeypatch.setattr(image_archive, "available", lambda *_, **__: False)
    monkeypatch.setattr(image_archive, "keep", lambda *_, **__: None)
    monkeypatch.setattr(
        debian, "bootstrap", lambda tag, packages, *_, **__: made.append((tag, str(packages)))
    )
    monkeypatch.setattr(debian, "build", lambda tag, text, *_, **__: made.append((tag, text)))
    return made


@pytest.fixture
def host(monkeypatch):
    """Sets facts of the machine."""

    def be(**facts) -> None:
        found = dataclasses.replace(
            machine(), **{"ca_bundle": None, "missing_capabilities": (), **facts}
        )
        monkeypatch.setattr(images, "machine", lambda: found)

    be()
    return be


def test_authorities_of_the_host_are_trusted_in_a_builder_of_their_own(built, host, tmp_path):
    bundle = tmp_path / "bundle.pem"
    host(ca_bundle=bundle)
    tags = []
    for text in ("one", "two"):
        bundle.write_text(text)
        tags.append(images.ensure_builder(PYTHON_IMAGE, QuietProgress(), Route.PUBLISHER))
    assert tags[0] != tags[1]
    assert [tag for tag, _ in built] == tags
    assert built[0][1].startswith(f"FROM {PYTHON_IMAGE}\nCOPY authorities.crt ")


@pytest.fixture
def kind_files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    (folder / "etc" / "containerd").mkdir(parents=True)
    (folder / "etc" / "containerd" / "config.toml").write_text("version = 2\n")
    return folder


def node_base(kind_files: Path, base: str = "base:1") -> str:
    return images.ensure_node_base(base, kind_files, QuietProgress())


def test_what_decides_the_nodes_packages_is_in_their_tag(built, host, kind_files):
    tags = {node_base(kind_files), node_base(kind_files, "base:2")}
    host(missing_capabilities=("CAP_SYS_RESOURCE",))
    tags.add(node_base(kind_files))
    (kind_files / "etc" / "containerd" / "config.toml").write_text("version = 3\n")
    tags.add(node_base(kind_files))
    assert len(tags) == 4


@pytest.fixture
def binaries(tmp_path: Path) -> Path:
    for name in images.BINARIES:
        (tmp_path / name).write_bytes(b"program")
    return tmp_path


def test_a_node_that_exists_is_assembled_again_for_another_program_only(
    docker, binaries, monkeypatch
):
    monkeypatch.setattr(docker_client, "image_id", lambda _tag: "sha256:1")

    def node() -> str:
        return images.ensure_node("node-base:1", binaries, QuietProgress())

    before = node()
    assert before == node()
    (binaries / "kube").write_bytes(b"a longer program")
    assert before != node()
    assert before.startswith("kaldra/node:v1.")
    assert docker.changes() == []


def test_the_publishers_images_are_taken_by_digest(built, host):
    given = QuietProgress(), Route.PUBLISHER
    assert images.ensure_base(*given) == PYTHON_IMAGE
    assert images.ensure_builder(PYTHON_IMAGE, *given) == PYTHON_IMAGE
    assert images.ensure_registry(PYTHON_IMAGE, *given) == REGISTRY_IMAGE
    assert "@sha256:" in PYTHON_IMAGE
    assert "@sha256:" in REGISTRY_IMAGE
    assert built == []
