"""Images without a stack: the same layers each time, described, and pushed where one may."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from kaldra.toolchain import gobuild
from tests.e2e.clone import NAME, Clone, free_ports
from tests.e2e.docker import docker
from tests.fakes.progress import QuietProgress
from tests.fakes.servers import serving
from tests.platform.release.test_bom import is_valid

SERVICES = ("kaldra-api", "kaldra-core")
BUILDX = gobuild.Build(
    name="buildx",
    outputs={"docker-buildx": "github.com/docker/buildx/cmd/buildx"},
    stamps={},
    lists=Path(__file__).parent / "modules",
    niceness=10,
)


def build(clone: Clone, *options: str, code: int = 0, **env: str) -> str:
    command = ("./kaldra", "build", "--tag", NAME, *options)
    return clone.run(*command, code=code, env=env).output


def layers() -> list[list[str]]:
    """Layers of both images, as they are unpacked."""
    form = "{{json .RootFS.Layers}}"
    return [json.loads(docker("inspect", f"{name}:{NAME}", "--format", form)) for name in SERVICES]


@contextmanager
def strict_registry() -> Iterator[int]:
    """A registry that lets nobody in; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="kaldra"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_HEAD = do_POST = do_GET  # noqa: N815  names of the protocol

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with serving(server):
        yield int(server.server_port)


def test_two_builds_of_the_same_sources_have_the_same_layers(clone: Clone):
    build(clone)
    first = layers()
    for file in clone.root.glob("app/**/*.py"):
        file.touch()
    remove_images_of_builds()
    build(clone, "--no-cache")
    assert layers() == first


@pytest.mark.extended
def test_another_builder_that_is_in_use_builds_nothing(clone: Clone, tmp_path: Path):
    """Such a builder is a container that keeps what it builds to itself."""
    own = {"DOCKER_CONFIG": str(tmp_path)}

    def buildx(*arguments: str, check: bool = True) -> "subprocess.CompletedProcess[bytes]":
        command = ("docker", "buildx", *arguments)
        return subprocess.run(command, env={**os.environ, **own}, check=check, capture_output=True)

    if buildx("version", check=False).returncode != 0:
        built = gobuild.build(BUILDX, QuietProgress())
        (tmp_path / "cli-plugins").mkdir()
        (tmp_path / "cli-plugins" / "docker-buildx").symlink_to(built / "docker-buildx")
    buildx("create", "--name=other", "--driver=docker-container", "--use")
    buildx("install")  # older clients, which have a builder inside, use buildx as well
    recorded = [tmp_path / "buildx" / name for name in ("current", "instances/other")]
    before = [file.read_bytes() for file in recorded]
    assert b"other*" in buildx("ls").stdout
    clone.run("./kaldra", "build", "--tag", f"{NAME}-other", env=own)
    for name in SERVICES:
        docker("image", "rm", f"{name}:{NAME}-other")
    assert [file.read_bytes() for file in recorded] == before
    assert "buildx_buildkit_other" not in docker("container", "ls", "--all")


def test_the_bill_of_materials_holds_what_the_image_holds(clone: Clone):
    said = build(clone, "--sbom")
    script = "import importlib.metadata as m; print(*sorted(d.name for d in m.distributions()))"
    for name in SERVICES:
        text = (clone.root / "dist" / f"{name}.cdx.json").read_text()
        assert is_valid(json.loads(text))
        told = {each["purl"].partition("@")[0] for each in json.loads(text)["components"]}
        run = ("run", "--rm", "--network=none", f"{name}:{NAME}", "python3", "-c", script)
        really = {f"pkg:pypi/{each.lower().replace('_', '-')}" for each in docker(*run).split()}
        assert really == {each for each in told if each.startswith("pkg:pypi/")}
        dpkg = docker("run", "--rm", f"{name}:{NAME}", "dpkg-query", "-Wf", "${Package} ").split()
        assert {f"pkg:deb/debian/{each}".replace("+", "%2B") for each in dpkg} <= told
    report = json.loads((clone.root / "dist" / "vulnerabilities.json").read_text())
    assert report["complete"] or "NOT CHECKED" in said


def test_pushed_images_are_told_by_digest_and_joined_under_one_tag(platform: Clone):
    registry = f"localhost:{platform.registry_port}"
    said = platform.run("./kaldra", "build", "--tag", f"{NAME}-amd64", "--push", registry).output
    for name in SERVICES:
        assert f"{registry}/{name}:{NAME}-amd64@sha256:" in said
    joined = ("publish", registry, "--tag", NAME, "--arch", "amd64")
    lines = platform.run("./kaldra", *joined).output.splitlines()
    (images,) = [line.removeprefix("images=") for line in lines if line.startswith("images=")]
    found = json.loads(images)
    assert {image["service"] for image in found} == {"api", "core"}
    for image in found:
        assert f"{image['name']}:{NAME}-amd64@{image['architectures']['amd64']}" in said
        docker("pull", f"{image['name']}@{image['digest']}")
    for name in SERVICES:
        docker("image", "rm", f"{name}:{NAME}-amd64", f"{registry}/{name}:{NAME}-amd64")


def test_a_registry_that_does_not_answer_is_named(clone: Clone):
    said = build(clone, "--push", f"127.0.0.1:{free_ports(1)[0]}", code=1)
    assert "cannot be reached" in said
    assert "connection refused" in said


def test_a_registry_that_wants_credentials_says_how_to_give_them(clone: Clone):
    with strict_registry() as port:
        said = build(clone, "--push", f"127.0.0.1:{port}", code=1)
        assert "refuses docker's credentials" in said
        assert f"docker login 127.0.0.1:{port}" in said


def test_a_wrong_tag_is_refused_before_docker_is_asked(clone: Clone):
    said = clone.run("./kaldra", "build", "--tag", "a b", code=2)
    assert "'a b' is not a valid tag" in said.output
    clone.follow(said, **{"--tag v0.1.0": f"--tag {NAME}"})
    remove_images_of_builds()


def remove_images_of_builds() -> None:
    for name in SERVICES:
        docker("image", "rm", f"{name}:{NAME}")
