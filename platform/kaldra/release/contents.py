"""What an image really holds: its file system is read, nothing in it is run."""

import email.parser
import json
import re
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from kaldra.toolchain.commands import run
from kaldra.toolchain.docker_cli import docker_program

_PYTHON_METADATA = re.compile(r"(.*/)?[^/]+\.(dist-info/METADATA|egg-info/PKG-INFO|egg-info)")
_DEBIAN_STATUS = re.compile(r"var/lib/dpkg/status(\.d/[^/]+)?")
_OS_RELEASE = re.compile(r"usr/lib/os-release")
_LISTS = (_PYTHON_METADATA, _DEBIAN_STATUS, _OS_RELEASE)
_SOURCE = re.compile(r"(?P<name>\S+)(?: \((?P<version>\S+)\))?")


@dataclass(frozen=True, order=True)
class Package:
    """One installed package."""

    kind: Literal["deb", "generic", "pypi"]
    name: str
    version: str
    licence: str = ""
    """As its own metadata says it: an SPDX expression or any other words."""
    architecture: str = ""
    source: tuple[str, str] = ("", "")
    """Debian's source package and its version, by which its faults are known."""


@dataclass(frozen=True)
class Contents:
    """An image's identity and its packages, in the order of their names."""

    image_id: str
    layers: tuple[str, ...]
    architecture: str
    distribution: str
    """`debian-12`, or empty."""
    packages: tuple[Package, ...] = field(repr=False)


def read(image: str) -> Contents:
    """Packages of a local image. KaldraError where Docker does not have it."""
    docker = docker_program()
    said = run([docker, "image", "inspect", image], what=f"Looking at {image}")
    document = json.loads(said)[0]
    packages: set[Package] = set()
    release: dict[str, str] = {}
    for name, text in _lists(docker, image):
        if _OS_RELEASE.fullmatch(name):
            release = dict(re.findall(r'^(\w+)="?(.*?)"?$', text, re.MULTILINE))
        elif _DEBIAN_STATUS.fullmatch(name):
            packages.update(_debian(text))
        else:
            packages.add(_python(text))
    variables = dict(line.split("=", 1) for line in document["Config"].get("Env") or [])
    if "PYTHON_VERSION" in variables:  # the publisher's Python comes without a package of its own
        packages.add(Package("generic", "python", variables["PYTHON_VERSION"], "PSF-2.0"))
    return Contents(
        image_id=document["Id"],
        layers=tuple(document["RootFS"]["Layers"]),
        architecture=document["Architecture"],
        distribution=f"{release['ID']}-{release['VERSION_ID']}" if "VERSION_ID" in release else "",
        packages=tuple(sorted(packages)),
    )


def _lists(docker: Path, image: str) -> Iterator[tuple[str, str]]:
    """Files of an image that tell what is installed, from a container that never starts."""
    container = run([docker, "create", image], what=f"Opening {image}").splitlines()[-1]
    with tempfile.TemporaryDirectory() as folder:
        packed = Path(folder, "image.tar")
        try:
            run([docker, "export", f"--output={packed}", container], what=f"Reading {image}")
        finally:
            run([docker, "rm", "--force", container], what="Removing the opened container")
        with tarfile.open(packed) as archive:
            for entry in archive:
                name = entry.name.removeprefix("./")
                wanted = entry.isfile() and any(kind.fullmatch(name) for kind in _LISTS)
                if wanted and (content := archive.extractfile(entry)):
                    yield name, content.read().decode(errors="replace")


def _python(metadata: str) -> Package:
    said = email.parser.Parser().parsestr(metadata, headersonly=True)
    licence = said.get("License-Expression") or said.get("License") or ""
    # A few packages put the whole text there; its first line names it.
    name = re.sub(r"[-_.]+", "-", str(said["Name"])).lower()
    return Package("pypi", name, str(said["Version"]), licence.strip().partition("\n")[0])


def _debian(status: str) -> Iterator[Package]:
    for stanza in status.split("\n\n"):
        said = email.parser.Parser().parsestr(stanza.strip(), headersonly=True)
        state = said.get("Status", "install ok installed")
        if "Package" not in said or not state.endswith(" installed"):
            continue
        name, version = str(said["Package"]), str(said["Version"])
        origin = _SOURCE.fullmatch(said.get("Source", name))
        source = (origin["name"], origin["version"] or version) if origin else (name, version)
        yield Package("deb", name, version, "", str(said["Architecture"]), source)
