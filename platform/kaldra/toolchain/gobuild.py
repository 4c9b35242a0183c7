"""Tools built from pinned Go modules, with progress; a second call finds them built."""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kaldra.errors import KaldraError
from kaldra.paths import home
from kaldra.progress import Progress, Step
from kaldra.toolchain.commands import run
from kaldra.toolchain.files import alone, locked, publishing, require_space, sharing

MODULES = Path(__file__).parent / "go"
BUILD_GIGABYTES = 8.0


@dataclass(frozen=True)
class Build:
    """One `go build` call over one pinned module list."""

    name: str
    """Folder under `go/` with go.mod, go.sum and own main packages."""
    outputs: Mapping[str, str]
    """Binary → package."""
    stamps: Mapping[str, str]
    """Go variable → value, as linker flags."""
    packages: int
    """How many packages a cold build compiles; for the estimate only."""
    kept: Mapping[str, str] | None = None
    """Name in the result → `module@version/folder` copied out of the module cache."""

    @property
    def key(self) -> str:
        """Digest of everything that decides the result, but Go's own version."""
        whole = hashlib.sha256(repr((self.name, sorted(self.outputs.items()))).encode())
        whole.update(
            repr((sorted(self.stamps.items()), sorted((self.kept or {}).items()))).encode()
        )
        for path in sorted((MODULES / self.name).rglob("*")):
            if path.is_file():
                whole.update(path.relative_to(MODULES).as_posix().encode() + path.read_bytes())
        return whole.hexdigest()[:12]

    @property
    def folder(self) -> Path:
        """Where the result is, once it is built."""
        return home() / "built" / f"{self.name}-{self.key}"


def build(wanted: Build, go: Path, progress: Progress) -> Path:
    """Build unless it is built; returns the folder with the binaries.

    Raises KaldraError with the compiler's last lines. A killed build resumes from its cache.
    """
    if wanted.folder.is_dir():
        return wanted.folder
    require_space(home(), BUILD_GIGABYTES, "building the tools")
    with (
        progress.step(f"go build · {wanted.name}") as step,
        locked(f"build-{wanted.name}"),
        sharing("go-cache"),
    ):
        if wanted.folder.is_dir():
            return wanted.folder
        with publishing(wanted.folder) as partial:
            _compile(wanted, go, partial, step)
            _keep(wanted, go, partial)
        step.done(f"{len(wanted.outputs)} binaries")
    return wanted.folder


def environment(go: Path) -> dict[str, str]:
    """Go's environment: caches of our own, nothing but what go.sum names."""
    return {
        "GOROOT": "",
        "PATH": os.pathsep.join([str(go.parent), os.environ.get("PATH", "")]),
        "GOMODCACHE": str(home() / "go" / "modules"),
        "GOCACHE": str(home() / "go" / "cache"),
        "GOFLAGS": "-mod=readonly -modcacherw",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "CGO_ENABLED": "0",
        # A larger heap spares a fifth of the time (two runs each on two cores).
        "GOGC": "800",
    }


def module_folder(wanted: Build, module: str, folder: str, name: str, go: Path) -> Path:
    """A folder of one module of a build's list, copied out of the module cache as `name`."""
    target = home() / "built" / name
    if not target.is_dir():
        with locked(f"module-{name}"), sharing("go-cache"):
            said = run(
                [go, "mod", "download", "-json", module],
                what=f"Downloading {module}",
                cwd=MODULES / wanted.name,
                env=environment(go),
                hint="Is a Go module proxy reachable? go env GOPROXY",
            )
            source = Path(json.loads(said)["Dir"]) / folder
            with publishing(target) as partial:
                shutil.copytree(source, partial, copy_function=shutil.copyfile, dirs_exist_ok=True)
    return target


def drop_caches() -> None:
    """Free what only builds need, once everything is built."""
    if (home() / "go").is_dir():
        with alone("go-cache") as nobody_builds:
            if nobody_builds:
                shutil.rmtree(home() / "go", ignore_errors=True)


def _compile(wanted: Build, go: Path, target: Path, step: Step) -> None:
    flags = " ".join(["-s", "-w", *(f"-X {name}={value}" for name, value in wanted.stamps.items())])
    seen = 0

    def watch(line: str) -> None:
        nonlocal seen
        if line.startswith("go: downloading"):
            step.update(f"downloading {line.rsplit(' ', 2)[1]}")
        elif " " not in line:
            seen += 1
            step.update(line[-50:], min(seen / wanted.packages, 0.99))

    produced = target / "produced"
    produced.mkdir()
    run(
        [
            go, "build", "-v", "-trimpath", "-ldflags", flags,
            "-o", f"{produced}/", *dict.fromkeys(wanted.outputs.values()),
        ],
        what=f"Building {wanted.name} with Go",
        cwd=MODULES / wanted.name,
        env=environment(go),
        each_line=watch,
        hint="Is a Go module proxy reachable? go env GOPROXY",
    )  # fmt: skip
    for binary, package in wanted.outputs.items():
        (produced / _default_name(package)).rename(target / binary)
    produced.rmdir()


def _default_name(package: str) -> str:
    """What `go build` calls the binary: the last element that is not a major version."""
    parts = package.split("/")
    major = parts[-1][:1] == "v" and parts[-1][1:].isdigit()
    return parts[-2] if major else parts[-1]


def _keep(wanted: Build, go: Path, target: Path) -> None:
    for name, source in (wanted.kept or {}).items():
        folder = home() / "go" / "modules" / source
        if not folder.is_dir():
            raise KaldraError(f"The Go module cache lacks {source}.", hint=f"{go} clean -modcache")
        shutil.copytree(folder, target / name, copy_function=shutil.copyfile)


def version_of(go: Path) -> tuple[int, int] | None:
    """(major, minor) of a Go toolchain, or None where it does not answer."""
    try:
        said = subprocess.run(  # noqa: S603
            [go, "env", "GOVERSION"], capture_output=True, text=True, check=False, cwd="/"
        ).stdout.strip()
        major, minor = said.removeprefix("go").split(".")[:2]
        return int(major), int("".join(c for c in minor if c.isdigit()))
    except (OSError, ValueError):
        return None
