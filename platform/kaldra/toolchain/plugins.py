"""Provider plugins: the official ones where they can be had, else this project's substitutes."""

import sys
import tarfile
import zlib
from collections.abc import Sequence
from pathlib import Path

from kaldra.errors import KaldraError
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
        try:
            _unpack(archive, directory(pulumi_home, name), f"pulumi-resource-{name}")
        except (tarfile.TarError, EOFError, zlib.error) as error:
            # A network that answers every address with a page of its own is not the publisher.
            download.forget(url, archive)
            raise KaldraError(
                f"{download.address(url)} serves no plugin: {error}. The file was thrown away.",
                hint="Try again; if it happens again, something else answers there than the "
                "publisher, and KALDRA_ROUTE=registries does without it.",
            ) from error
        step.done("official")


def _unpack(archive: Path, target: Path, program: str) -> None:
    with publishing(target) as folder, tarfile.open(archive, "r:gz") as release:
        release.extractall(folder, filter="data")
        if not (folder / program).is_file():
            raise tarfile.ReadError(f"{program} is not in it")
        (folder / program).chmod(0o755)
