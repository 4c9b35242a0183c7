"""Go packages of which a build leaves a part out, since compiling it takes long and nobody runs it.

A module that has one is copied out of Go's cache, changed there, and put in its own place by a
`replace` line; its checksum was verified before.
"""

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kaldra.errors import KaldraError
from kaldra.toolchain.files import publishing

Go = Callable[[Sequence[str | Path]], str]
"""Runs go in the folder of the list; returns what it printed, its downloads included."""


@dataclass(frozen=True)
class Trim:
    """One package: some of its own files, and ours in place of all the others."""

    module: str
    """Module path, as in go.mod."""
    package: str
    """Folder of the package in its module; our files are in the same folder of `trimmed/`."""
    kept: tuple[str, ...] = ()
    """The package's own files that stay."""


def trimmed(trims: Iterable[Trim], modules: Path, into: Path, go: Go) -> Path | None:
    """Make the changed modules once; returns the go.mod that names them, None where none is.

    `modules` is the folder of the module list, `into` a folder of this list's own. Raises
    KaldraError where a package has no such file any more.
    """
    wanted: dict[str, list[Trim]] = {}
    for trim in trims:
        wanted.setdefault(trim.module, []).append(trim)
    if not wanted:
        return None
    if not into.is_dir():
        with publishing(into) as partial:
            for name in ("go.mod", "go.sum"):
                shutil.copyfile(modules / name, partial / name)
            for number, (module, its) in enumerate(sorted(wanted.items())):
                _copy(module, its, modules, partial / str(number), go)
                instead = f"-replace={module}={into / str(number)}"
                go(["mod", "edit", instead, partial / "go.mod"])
    return into / "go.mod"


def _copy(module: str, trims: Sequence[Trim], modules: Path, target: Path, go: Go) -> None:
    # Not by `go mod download`, which asks for a module's date too: not every proxy has it.
    package = f"{module}/{trims[0].package}"
    said = go(["list", "-find", "-f", "{{.Module.Dir}}", package])
    source = Path(said.splitlines()[-1])  # after what go says of its downloads
    # The cache's files are read-only, and tests need not be read by every `go list`.
    ignored = shutil.ignore_patterns("*_test.go", "testdata")
    shutil.copytree(source, target, copy_function=shutil.copyfile, ignore=ignored)
    for trim in trims:
        folder = target / trim.package
        theirs = {path.name: path for path in folder.glob("*.go")}
        gone = set(trim.kept) - theirs.keys()
        if gone or not theirs:
            raise KaldraError(
                f"{source.name} has no {', '.join(sorted(gone)) or 'such package'} "
                f"in {trim.package}.",
                hint=f"Look at what {modules / 'trimmed'} stands in for.",
            )
        for name in theirs.keys() - set(trim.kept):
            theirs[name].unlink()
        for ours in sorted((modules / "trimmed" / trim.package).glob("*.go")):
            shutil.copyfile(ours, folder / f"kaldra_{ours.name}")
