"""The command-line tools: found on the machine, downloaded from the publisher, or built."""

import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kaldra import variables
from kaldra.errors import KaldraError
from kaldra.paths import home, state
from kaldra.progress import Progress, Step
from kaldra.toolchain import download, links
from kaldra.toolchain.files import locked, publishing
from kaldra.toolchain.machine import machine
from kaldra.toolchain.pins import DIGESTS, KIND, KUBERNETES, PULUMI
from kaldra.toolchain.probe import Route

RELEASES = "https://github.com"
_PULUMI_RELEASE = f"{RELEASES}/pulumi/pulumi/releases/download/v{PULUMI}"


@dataclass(frozen=True)
class Tool:
    """A program of one exact version, or of one that serves as well."""

    name: str
    version: str
    version_command: tuple[str, ...]
    acceptable: Callable[[str], bool]
    """Whether the version that a program on PATH reports will do."""
    url: Callable[[str, str], str]
    """(system, arch) → address of the publisher's release."""
    checksums: Callable[[str, str], str]
    """(system, arch) → address of the publisher's own checksum file, for what pins.py lacks."""
    members: tuple[str, ...] = ()
    """Files taken out of a release that is an archive; empty for a bare program."""


def _pulumi_asset(system: str, arch: str) -> str:
    return f"pulumi-v{PULUMI}-{system}-{'x64' if arch == 'amd64' else arch}.tar.gz"


PULUMI_TOOL = Tool(
    name="pulumi",
    version=PULUMI,
    version_command=("pulumi", "version"),
    acceptable=lambda version: version == PULUMI,
    url=lambda system, arch: f"{_PULUMI_RELEASE}/{_pulumi_asset(system, arch)}",
    checksums=lambda _system, _arch: f"{_PULUMI_RELEASE}/pulumi-{PULUMI}-checksums.txt",
    members=(
        "pulumi",
        "pulumi-language-python",
        "pulumi-language-python-exec",
        "pulumi-resource-pulumi-python",
    ),
)
KIND_TOOL = Tool(
    name="kind",
    version=KIND,
    version_command=("kind", "version", "-q"),
    acceptable=lambda version: _minor(version) >= _minor(KIND),
    url=lambda system, arch: (
        f"{RELEASES}/kubernetes-sigs/kind/releases/download/v{KIND}/kind-{system}-{arch}"
    ),
    checksums=lambda system, arch: (
        f"{RELEASES}/kubernetes-sigs/kind/releases/download/v{KIND}/kind-{system}-{arch}.sha256sum"
    ),
)
KUBECTL_TOOL = Tool(
    name="kubectl",
    version=KUBERNETES,
    version_command=("kubectl", "version", "--client", "--output=json"),
    # kubectl is supported one minor version either side of the cluster's.
    acceptable=lambda version: abs(_minor(version) - _minor(KUBERNETES)) <= 1,
    url=lambda system, arch: f"https://dl.k8s.io/release/v{KUBERNETES}/bin/{system}/{arch}/kubectl",
    checksums=lambda system, arch: (
        f"https://dl.k8s.io/release/v{KUBERNETES}/bin/{system}/{arch}/kubectl.sha256"
    ),
)


def find(tool: Tool) -> Path | None:
    """The first program on PATH (not one of ours) whose version will do."""
    for program, version in on_path(tool):
        # Pulumi is of use only with its language host beside it.
        complete = all((program.parent / name).exists() for name in tool.members)
        if complete and version and tool.acceptable(version):
            return program
    return None


def provide(tool: Tool, way: Route, progress: Progress, build: Callable[[], Path]) -> None:
    """Find, download or build a tool of one program, and link it in `state()/bin`."""
    if links.chosen(tool.name, tool.version, (tool.name,)):
        return
    program = find(tool)
    if program is None and way is Route.PUBLISHER:
        program = ensure_downloaded(tool, progress) / tool.name
    links.choose(tool.name, tool.version, {tool.name: program or build()})


def on_path(tool: Tool) -> Iterator[tuple[Path, str | None]]:
    """Programs of that name on PATH, ours left out, and the versions they report."""
    for folder in dict.fromkeys(variables.PATH.value.split(os.pathsep)):
        program = Path(folder) / tool.name
        ours = program.parent == state() / "bin"
        if folder and not ours and program.is_file() and os.access(program, os.X_OK):
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
    """Download and check the publisher's release; returns the folder with its programs."""
    folder = downloaded(tool)
    if folder.is_dir():
        return folder
    here = machine()
    with locked(f"download-{tool.name}"), progress.step(f"{tool.name} {tool.version}") as step:
        if not folder.is_dir():
            with publishing(folder) as partial:
                _unpack(tool, _release(tool, here.system, here.arch, step), partial)
        step.done("publisher's release, checksum verified")
    return folder


def _release(tool: Tool, system: str, arch: str, step: Step) -> Path:
    url = tool.url(system, arch)
    name = url.rsplit("/", 1)[-1]
    digest = DIGESTS.get((tool.name, system, arch)) or download.published_digest(
        tool.checksums(system, arch), name, step
    )
    return download.fetch(url, home() / "downloads" / f"{tool.version}-{name}", digest, step)


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
    release.unlink()


def _minor(version: str) -> int:
    return int(version.split(".")[1])
