"""The command-line tools: found on the machine, downloaded from the publisher, or built.

`state()/bin` links to this clone's choice of them, which later runs look at without starting any.
"""

import json
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
from kaldra.progress import Progress
from kaldra.toolchain import builds, download, gobuild
from kaldra.toolchain.files import locked, publishing, replace_text
from kaldra.toolchain.machine import machine
from kaldra.toolchain.probe import Route, route
from kaldra.versions import ACTIONLINT, DIGESTS, KIND, KUBERNETES, PULUMI

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
    version_arguments: tuple[str, ...] = ()
    """What makes a program report its version."""
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
    version_arguments=("version",),
    acceptable=lambda version: version == PULUMI,
)
KIND_TOOL = Tool(
    name="kind",
    version=KIND,
    url=lambda system, arch: (
        f"{RELEASES}/kubernetes-sigs/kind/releases/download/v{KIND}/kind-{system}-{arch}"
    ),
    version_arguments=("version", "-q"),
    acceptable=lambda version: _minor(version) >= _minor(KIND),
)
KUBECTL_TOOL = Tool(
    name="kubectl",
    version=KUBERNETES,
    url=lambda system, arch: (
        f"https://dl.k8s.io/v{KUBERNETES}/kubernetes-client-{system}-{arch}.tar.gz"
    ),
    members=("kubectl",),
    version_arguments=("version", "--client", "--output=json"),
    # kubectl is supported one minor version either side of the cluster's.
    acceptable=lambda version: abs(_minor(version) - _minor(KUBERNETES)) <= 1,
)
ACTIONLINT_TOOL = Tool(
    name="actionlint",
    version=ACTIONLINT,
    url=lambda system, arch: (
        f"{RELEASES}/rhysd/actionlint/releases/download/v{ACTIONLINT}/"
        f"actionlint_{ACTIONLINT}_{system}_{arch}.tar.gz"
    ),
    members=("actionlint",),
    version_arguments=("-version",),
    acceptable=lambda version: version == ACTIONLINT,
)
"""PyPI's package of it holds no program, only a downloader of one."""


def bin_folder() -> Path:
    """Where the links are; first on the PATH of everything this clone runs."""
    return state() / "bin"


def link(name: str, program: Path) -> None:
    """Point `bin/<name>` at the program, in one step."""
    target = bin_folder() / name
    if target.is_symlink() and target.readlink() == program:
        return
    bin_folder().mkdir(parents=True, exist_ok=True)
    new = bin_folder() / f".{name}.{os.getpid()}"
    new.unlink(missing_ok=True)
    new.symlink_to(program)
    new.rename(target)


def choose(tool: Tool, program: Path) -> None:
    """Link the tool's program, and the others that are beside it; remember what they are."""
    for name in tool.programs:
        link(name, program if name == tool.name else program.with_name(name))
    replace_text(_record(tool), json.dumps(_linked(tool)))


def is_chosen(tool: Tool) -> bool:
    """Whether the tool's programs are linked, for this version, and unchanged since."""
    try:
        recorded = json.loads(_record(tool).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(recorded == _linked(tool))


def _record(tool: Tool) -> Path:
    return state() / "tools" / f"{tool.name}.json"


def _linked(tool: Tool) -> list[str | None]:
    """Its version, and of each program what tells it from another; None where no link leads."""
    found: list[str | None] = [tool.version]
    for path in (bin_folder() / name for name in tool.programs):
        try:
            status = path.stat()
            found.append(f"{path.readlink()} {status.st_size} {status.st_mtime_ns}")
        except OSError:
            found.append(None)
    return found


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
    return way is Route.REGISTRIES and not is_chosen(tool) and find(tool) is None


def provide(tool: Tool, progress: Progress, built: Path | None = None) -> None:
    """Find, download or build a tool, and link its programs in `state()/bin`.

    `built` is its first program, where `must_build` asks for it.
    """
    if not is_chosen(tool):
        choose(tool, find(tool) or built or ensure_downloaded(tool, progress) / tool.name)


def ensure_actionlint(progress: Progress) -> Path:
    """actionlint, which reads GitHub's workflows, linked in `state()/bin`."""
    needed = must_build(ACTIONLINT_TOOL, route())
    built = gobuild.build(builds.ACTIONLINT, progress) / "actionlint" if needed else None
    provide(ACTIONLINT_TOOL, progress, built)
    return bin_folder() / "actionlint"


def on_path(tool: Tool) -> Iterator[tuple[Path, str | None]]:
    """Programs of that name on PATH, and the versions they report."""
    for folder in variables.PATH.value.split(os.pathsep):
        program = Path(folder) / tool.name
        if program.is_file() and os.access(program, os.X_OK):
            yield program, version_of(program, tool)


def version_of(program: Path, tool: Tool) -> str | None:
    """The version a program reports, or None where it does not answer."""
    command = [str(program), *tool.version_arguments]
    try:
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, check=False, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"v?(\d+\.\d+\.\d+)", done.stdout)
    return found[1] if found else None


def ensure_downloaded(tool: Tool, progress: Progress) -> Path:
    """Download and check the publisher's release; returns the folder with its programs.

    Raises KaldraError where no digest is pinned for this platform: nothing is run unchecked.
    """
    folder = home() / "downloaded" / f"{tool.name}-{tool.version}"
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
