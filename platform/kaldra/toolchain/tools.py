"""The command-line tools: found on the machine, downloaded from the publisher, or built."""

import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kaldra import variables
from kaldra.errors import KaldraError
from kaldra.paths import home
from kaldra.progress import Progress
from kaldra.toolchain import download, links
from kaldra.toolchain.files import locked, publishing
from kaldra.toolchain.machine import machine
from kaldra.toolchain.probe import Route
from kaldra.versions import DIGESTS, KIND, KUBERNETES, PULUMI

RELEASES = "https://github.com"


@dataclass(frozen=True)
class Tool:
    """A program of one exact version, or of one that serves as well."""

    name: str
    version: str
    url: Callable[[str, str], str]
    """(system, arch) → address of the publisher's release."""
    members: tuple[str, ...] = ()
    """Files taken out of a release that is an archive; empty for a bare program."""
    version_command: tuple[str, ...] = ()
    acceptable: Callable[[str], bool] = lambda _version: False
    """Whether the version that a program on PATH reports will do."""

    @property
    def programs(self) -> tuple[str, ...]:
        """Names of its programs."""
        return self.members or (self.name,)

    @property
    def digest(self) -> str | None:
        """Pinned digest of the release for this machine; None where none is known."""
        here = machine()
        return DIGESTS[self.name].get(f"{here.system}-{here.arch}")


PULUMI_TOOL = Tool(
    name="pulumi",
    version=PULUMI,
    url=lambda system, arch: (
        f"{RELEASES}/pulumi/pulumi/releases/download/v{PULUMI}/"
        f"pulumi-v{PULUMI}-{system}-{'x64' if arch == 'amd64' else arch}.tar.gz"
    ),
    members=(
        "pulumi",
        "pulumi-language-python",
        "pulumi-language-python-exec",
        "pulumi-resource-pulumi-python",
    ),
    version_command=("pulumi", "version"),
    acceptable=lambda version: version == PULUMI,
)
KIND_TOOL = Tool(
    name="kind",
    version=KIND,
    url=lambda system, arch: (
        f"{RELEASES}/kubernetes-sigs/kind/releases/download/v{KIND}/kind-{system}-{arch}"
    ),
    version_command=("kind", "version", "-q"),
    acceptable=lambda version: _minor(version) >= _minor(KIND),
)
KUBECTL_TOOL = Tool(
    name="kubectl",
    version=KUBERNETES,
    url=lambda system, arch: (
        f"https://dl.k8s.io/v{KUBERNETES}/kubernetes-client-{system}-{arch}.tar.gz"
    ),
    members=("kubectl",),
    version_command=("kubectl", "version", "--client", "--output=json"),
    # kubectl is supported one minor version either side of the cluster's.
    acceptable=lambda version: abs(_minor(version) - _minor(KUBERNETES)) <= 1,
)


def find(tool: Tool) -> Path | None:
    """The first program on PATH (not one of ours) whose version will do."""
    for program, version in on_path(tool):
        # Pulumi is of use only with its language host beside it.
        complete = all((program.parent / name).exists() for name in tool.members)
        if complete and version and tool.acceptable(version):
            return program
    return None


def must_build(tool: Tool, way: Route) -> bool:
    """Whether `provide` will ask for a build."""
    return way is Route.REGISTRIES and not _chosen(tool) and find(tool) is None


def provide(
    tool: Tool, way: Route, progress: Progress, build: Callable[[], Mapping[str, Path]]
) -> None:
    """Find, download or build a tool, and link its programs in `state()/bin`.

    `build` returns the programs by name.
    """
    if _chosen(tool):
        return
    program = find(tool)
    if program is None and way is Route.REGISTRIES:
        programs = build()
    else:
        folder = program.parent if program else ensure_downloaded(tool, progress)
        programs = {name: folder / name for name in tool.programs}
    links.choose(tool.name, tool.version, programs)


def _chosen(tool: Tool) -> bool:
    return links.chosen(tool.name, tool.version, tool.programs)


def on_path(tool: Tool) -> Iterator[tuple[Path, str | None]]:
    """Programs of that name on PATH, and the versions they report."""
    for folder in variables.PATH.value.split(os.pathsep):
        program = Path(folder) / tool.name
        if program.is_file() and os.access(program, os.X_OK):
            yield program, version_of(program, tool)


def version_of(program: Path, tool: Tool) -> str | None:
    """The version a program reports, or None where it does not answer."""
    command = [str(program), *tool.version_command[1:]]
    try:
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, check=False, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"v?(\d+\.\d+\.\d+)", done.stdout)
    return found[1] if found else None


def downloaded(tool: Tool) -> Path:
    """Folder of the publisher's release, once it is downloaded."""
    return home() / "downloaded" / f"{tool.name}-{tool.version}"


def ensure_downloaded(tool: Tool, progress: Progress) -> Path:
    """Download and check the publisher's release; returns the folder with its programs.

    Raises KaldraError where no digest is pinned for this platform: nothing is run unchecked.
    """
    folder = downloaded(tool)
    if folder.is_dir():
        return folder
    here = machine()
    if tool.digest is None:
        raise KaldraError(
            f"No checksum of {tool.name} {tool.version} is known for {here.system}-{here.arch}, "
            "so its release is not used.",
            hint="KALDRA_ROUTE=registries does without publishers' releases.",
        )
    url = tool.url(here.system, here.arch)
    with locked(f"download-{tool.name}"), progress.step(f"{tool.name} {tool.version}") as step:
        if not folder.is_dir():
            target = home() / "downloads" / f"{tool.version}-{url.rsplit('/', 1)[-1]}"
            release = download.fetch(url, target, tool.digest, step)
            with publishing(folder) as partial:
                _unpack(tool, release, partial)
            release.unlink()
        step.done("publisher's release, checksum verified")
    return folder


def _unpack(tool: Tool, release: Path, folder: Path) -> None:
    if tool.members:
        with tarfile.open(release) as archive:
            for entry in archive:
                name = entry.name.rsplit("/", 1)[-1]
                content = archive.extractfile(entry) if name in tool.members else None
                if content:
                    (folder / name).write_bytes(content.read())
        missing = [m for m in tool.members if not (folder / m).exists()]
        if missing:
            raise KaldraError(f"{release.name} lacks {', '.join(missing)}.")
    else:
        shutil.copyfile(release, folder / tool.name)
    for program in folder.iterdir():
        program.chmod(0o755)


def _minor(version: str) -> int:
    return int(version.split(".")[1])
