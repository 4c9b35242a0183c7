"""Put the substitute plugins where the engine looks for plugins, beside official ones."""

import shlex
from collections.abc import Sequence
from enum import Enum
from pathlib import Path

VERSIONS = {"kubernetes": "4.25.0", "docker": "5.2.0"}
"""The official versions the substitutes stand in for: those of the pinned SDK packages."""

_MARKER = "kaldra-substitute"
_PLATFORM = Path(__file__).resolve().parents[2]


class Installed(Enum):
    """What the engine would find for a plugin."""

    OFFICIAL = "official"
    SUBSTITUTE = "substitute"
    MISSING = "missing"


def directory(pulumi_home: Path, name: str) -> Path:
    """Where the engine looks for the pinned version of a plugin."""
    return pulumi_home / "plugins" / f"resource-{name}-v{VERSIONS[name]}"


def installed(pulumi_home: Path, name: str) -> Installed:
    """Tell which kind of plugin is there."""
    folder = directory(pulumi_home, name)
    if (folder / _MARKER).is_file():
        return Installed.SUBSTITUTE
    # A folder without its program is what an interrupted download leaves behind.
    if (folder / f"pulumi-resource-{name}").is_file():
        return Installed.OFFICIAL
    return Installed.MISSING


def install(
    pulumi_home: Path, python: Path, names: Sequence[str] = ("kubernetes", "docker")
) -> list[str]:
    """Install substitutes run by `python` where no official plugin is; returns whose they are.

    Writes only what differs, so that it may be called on every run. The plugins run from this
    clone: what is edited here is in effect at once.
    """
    substituted = []
    for name in names:
        if installed(pulumi_home, name) is Installed.OFFICIAL:
            continue
        folder = directory(pulumi_home, name)
        folder.mkdir(parents=True, exist_ok=True)
        # First the marker: a half-written plugin must never pass for an official one.
        _write(folder / _MARKER, f"{_PLATFORM}\n", mode=0o644)
        _write(folder / f"pulumi-resource-{name}", _wrapper(python, name), mode=0o755)
        # What the engine leaves while it installs; with it, it takes the plugin for incomplete.
        folder.with_name(f"{folder.name}.partial").unlink(missing_ok=True)
        substituted.append(name)
    return substituted


def uninstall(pulumi_home: Path, names: Sequence[str] = ("kubernetes", "docker")) -> list[str]:
    """Take substitutes away, to make room for official ones; returns whose they were."""
    removed = []
    for name in names:
        if installed(pulumi_home, name) is Installed.SUBSTITUTE:
            folder = directory(pulumi_home, name)
            (folder / f"pulumi-resource-{name}").unlink(missing_ok=True)
            (folder / _MARKER).unlink()
            folder.rmdir()
            removed.append(name)
    return removed


def _wrapper(python: Path, name: str) -> str:
    # -P: a module in the directory the engine happens to run in must not be taken for ours.
    return (
        "#!/bin/sh\n"
        f"export PYTHONPATH={shlex.quote(str(_PLATFORM))}\n"
        f'exec {shlex.quote(str(python))} -P -m kaldra.plugins.{name} "$@"\n'
    )


def _write(path: Path, text: str, *, mode: int) -> None:
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    # In one step: an engine may be starting the plugin right now.
    new = path.with_name(f"{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.chmod(mode)
    new.replace(path)
