"""Provider plugins: the official ones where they can be had, else this project's substitutes."""

import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

from kaldra.paths import home, state
from kaldra.plugins.install import Installed, directory, install, installed, uninstall
from kaldra.progress import Progress
from kaldra.toolchain import download
from kaldra.toolchain.files import publishing
from kaldra.toolchain.machine import machine
from kaldra.toolchain.pins import PLUGINS
from kaldra.toolchain.probe import Route


def ensure_plugins(names: Sequence[str], progress: Progress, *, route: Route) -> list[str]:
    """Install the named plugins; returns those that are substitutes, after saying so."""
    pulumi_home = state() / "pulumi"
    if route is Route.PUBLISHER:
        uninstall(pulumi_home, names)
        for name in names:
            if installed(pulumi_home, name) is Installed.MISSING:
                _download(name, pulumi_home, progress)
    substitutes = install(pulumi_home, Path(sys.executable), names)
    if substitutes:
        progress.note(
            f"Substitute provider plugins in use: {', '.join(substitutes)} "
            "(the official ones cannot be downloaded here)."
        )
    return substitutes


def _download(name: str, pulumi_home: Path, progress: Progress) -> None:
    here = machine()
    version = PLUGINS[name]
    file = f"pulumi-resource-{name}-v{version}-{here.system}-{here.arch}.tar.gz"
    url = f"https://get.pulumi.com/releases/plugins/{file}"
    with progress.step(f"plugin {name} {version}") as step:
        archive = download.fetch_unlisted(url, home() / "downloads" / file, step)
        with publishing(directory(pulumi_home, name)) as folder, tarfile.open(archive) as release:
            release.extractall(folder, filter="data")
            (folder / f"pulumi-resource-{name}").chmod(0o755)
        step.done("official")
