"""Images without a stack: the same layers each time, described, and pushed where one may."""

import json

from tests.e2e.clone import Clone
from tests.e2e.docker import docker, inspected
from tests.e2e.machine import NAME
from tests.platform.release.test_bom import is_valid

SERVICES = ("kaldra-api", "kaldra-core")


def build(clone: Clone, *options: str) -> str:
    return clone.run("./kaldra", "build", "--tag", NAME, *options)


def layers() -> list[list[str]]:
    """Layers of both images, as they are unpacked."""
    return [inspected(f"{name}:{NAME}")["RootFS"]["Layers"] for name in SERVICES]


def test_two_builds_of_the_same_sources_have_the_same_layers(clone: Clone):
    build(clone)
    first = layers()
    for file in clone.root.glob("app/**/*.py"):
        file.touch()
    for name in SERVICES:
        docker("image", "rm", f"{name}:{NAME}")
    build(clone, "--no-cache")
    assert layers() == first


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
    said = platform.run("./kaldra", "build", "--tag", f"{NAME}-amd64", "--push", registry)
    for name in SERVICES:
        assert f"{registry}/{name}:{NAME}-amd64@sha256:" in said
    joined = ("publish", registry, "--tag", NAME, "--arch", "amd64")
    lines = platform.run("./kaldra", *joined).splitlines()
    (images,) = [line.removeprefix("images=") for line in lines if line.startswith("images=")]
    found = json.loads(images)
    assert {image["service"] for image in found} == {"api", "core"}
    for image in found:
        assert f"{image['name']}:{NAME}-amd64@{image['architectures']['amd64']}" in said
        docker("pull", f"{image['name']}@{image['digest']}")
    for name in SERVICES:
        docker("image", "rm", f"{name}:{NAME}-amd64", f"{registry}/{name}:{NAME}-amd64")
