"""What an image really holds: its file system is read, nothing in it is run."""

import contextlib
import email.parser
import json
import re
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal

from kaldra.errors import KaldraError
from kaldra.toolchain.commands import run
from kaldra.toolchain.docker_cli import docker_program

_PYTHON_METADATA = re.compile(r"(.*/)?[^/]+\.(dist-info/METADATA|egg-info/PKG-INFO|egg-info)")
_DEBIAN_STATUS = re.compile(r"var/lib/dpkg/status(\.d/[^/]+)?")
_SOURCE = re.compile(r"(?P<name>\S+)(?: \((?P<version>\S+)\))?")
_OS_RELEASE = "usr/lib/os-release"


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
    with _exported(docker, image) as stream:
        packages, release = _packages(stream)
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


@contextlib.contextmanager
def _exported(docker: Path, image: str) -> Iterator[IO[bytes]]:
    """The file system of an image as a tar stream, from a container that never starts."""
    container = run([docker, "create", image], what=f"Opening {image}").splitlines()[-1]
    try:
        with subprocess.Popen(  # noqa: S603
            [str(docker), "export", container], stdout=subprocess.PIPE
        ) as export:
            assert export.stdout is not None  # noqa: S101  opened with a pipe
            yield export.stdout
        if export.returncode != 0:
            raise KaldraError(f"Reading {image} failed (exit code {export.returncode}).")
    finally:
        run([docker, "rm", "--force", container], what="Removing the opened container")


def _packages(stream: IO[bytes]) -> tuple[set[Package], Mapping[str, str]]:
    found: set[Package] = set()
    release: dict[str, str] = {}
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for entry in archive:
            name = entry.name.removeprefix("./")
            if not entry.isfile():
                continue
            if _PYTHON_METADATA.fullmatch(name):
                found.add(_python(_text(archive, entry)))
            elif _DEBIAN_STATUS.fullmatch(name):
                found.update(_debian(_text(archive, entry)))
            elif name == _OS_RELEASE:
                lines = [line for line in _text(archive, entry).splitlines() if "=" in line]
                release = {key: value.strip('"') for key, value in (x.split("=", 1) for x in lines)}
    while stream.read(1 << 16):  # tar's padding: docker would fail to write into a closed pipe
        pass
    return found, release


def _text(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> str:
    content = archive.extractfile(entry)
    assert content is not None  # noqa: S101  it is a file
    return content.read().decode(errors="replace")


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
