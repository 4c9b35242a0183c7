"""Provider plugins in this clone's PULUMI_HOME: released, built, or this project's substitute.

Each folder that `./kaldra` installs holds a file that says where the plugin comes from. A plugin
without one was installed by hand and is left alone.
"""

import os
import shlex
import shutil
import sys
from pathlib import Path

from kaldra.errors import KaldraError
from kaldra.paths import REPO, state
from kaldra.progress import Progress
from kaldra.toolchain.builds import KUBERNETES_PROVIDER
from kaldra.toolchain.files import link_or_copy, publishing
from kaldra.toolchain.probe import Route
from kaldra.toolchain.tools import Tool, ensure_downloaded
from kaldra.versions import PULUMI_PLUGINS

ORIGIN = "kaldra-origin"
FOUND = "found"
RELEASED = Route.PUBLISHER.value
SUBSTITUTE = "substitute"
FORMER_SUBSTITUTE = "kaldra-substitute"
"""File in the folders of substitutes that earlier revisions installed, kubernetes' included."""
SUBSTITUTE_MODULE = "kaldra.docker_provider"
"""Serves Image, Network and Container of the docker provider."""
PROGRAM_HEADERS = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"#!")
"""How programs of Linux and macOS and scripts begin."""


def _tool(name: str, version: str) -> Tool:
    program = f"pulumi-resource-{name}"
    return Tool(
        name=program,
        version=version,
        url=lambda system, arch: (
            f"https://get.pulumi.com/releases/plugins/{program}-v{version}-{system}-{arch}.tar.gz"
        ),
        members=(program,),
    )


TOOLS = {name: _tool(name, version) for name, version in PULUMI_PLUGINS.items()}


def folder(name: str) -> Path:
    """Where Pulumi looks for the pinned version of a plugin."""
    return state() / "pulumi" / "plugins" / f"resource-{name}-v{PULUMI_PLUGINS[name]}"


def origin(name: str) -> str | None:
    """Where the installed plugin comes from; None where none is installed.

    FOUND, RELEASED, SUBSTITUTE, or `registries` and the name of the build. Raises KaldraError where
    the file in place is not a program.
    """
    program = _program(name)
    if not program.is_file():  # what an interrupted installation leaves behind
        return None
    with program.open("rb") as file:
        begin = file.read(4)
    if not (begin.startswith(PROGRAM_HEADERS) and os.access(program, os.X_OK)):
        raise KaldraError(
            f"The {name} plugin of Pulumi in {folder(name)} is not a program.",
            hint=f"rm -rf {folder(name)}  then run the same command again",
        )
    if (folder(name) / FORMER_SUBSTITUTE).exists():
        return SUBSTITUTE
    try:
        return (folder(name) / ORIGIN).read_text(encoding="utf-8").strip()
    except OSError:
        return FOUND


def must_build(name: str, route: Route) -> bool:
    """Whether `ensure_plugin` needs the kubernetes plugin's build."""
    wanted = _wanted(name, route)
    return wanted not in (RELEASED, SUBSTITUTE) and origin(name) not in (FOUND, RELEASED, wanted)


def ensure_plugin(name: str, progress: Progress, route: Route, built: Path | None = None) -> None:
    """Install a plugin unless an official one is there; says so where a substitute is used.

    `built` is the folder with the kubernetes plugin's program, where `must_build` asks for it.
    """
    for outdated in folder(name).parent.glob(f"resource-{name}-v*/{FORMER_SUBSTITUTE}"):
        shutil.rmtree(outdated.parent)
    present, wanted = origin(name), _wanted(name, route)
    if wanted == SUBSTITUTE and present not in (FOUND, RELEASED):
        progress.note(
            f"Provider plugin {name}: this project's substitute, since the official one "
            "cannot be downloaded here."
        )
        if present != SUBSTITUTE or _program(name).read_text(encoding="utf-8") != _wrapper():
            _install(name, _wrapper(), SUBSTITUTE)
    elif present not in (FOUND, RELEASED, wanted):
        tool = TOOLS[name]
        _install(name, (built or ensure_downloaded(tool, progress)) / tool.name, wanted)


def _wanted(name: str, route: Route) -> str:
    if route is Route.PUBLISHER and TOOLS[name].digest:
        return RELEASED
    if name == "kubernetes":
        return f"{Route.REGISTRIES.value} {KUBERNETES_PROVIDER.folder.name}"
    return SUBSTITUTE


def _program(name: str) -> Path:
    return folder(name) / TOOLS[name].name


def _install(name: str, program: Path | str, source: str) -> None:
    target = folder(name)
    with publishing(target) as partial:
        path = partial / TOOLS[name].name
        if isinstance(program, str):
            path.write_text(program, encoding="utf-8")
        else:
            link_or_copy(program, path)
        path.chmod(0o755)
        (partial / ORIGIN).write_text(f"{source}\n", encoding="utf-8")
    # What an interrupted `pulumi plugin install` leaves; with it the plugin counts as incomplete.
    target.with_name(f"{target.name}.partial").unlink(missing_ok=True)


def _wrapper() -> str:
    # -P: a module in the engine's working directory must not be imported instead.
    return (
        "#!/bin/sh\n"
        f"export PYTHONPATH={shlex.quote(str(REPO / 'platform'))}\n"
        f'exec {shlex.quote(sys.executable)} -P -m {SUBSTITUTE_MODULE} "$@"\n'
    )
