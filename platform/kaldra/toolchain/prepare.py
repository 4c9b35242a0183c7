"""Everything a target needs on this machine, made at once: builds, downloads, images."""

import os
import shutil
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

from kaldra import variables
from kaldra.progress import Progress
from kaldra.toolchain import (
    base_image,
    commands,
    engine,
    gobuild,
    links,
    node_image,
    registry_image,
    tools,
)
from kaldra.toolchain.builds import KUBECTL, LANGUAGE_HOST, NODE, PULUMI_CLI, pulumi_bundle
from kaldra.toolchain.go_tool import ensure_go
from kaldra.toolchain.machine import machine
from kaldra.toolchain.pins import KIND, NODE_IMAGE
from kaldra.toolchain.plugins import ensure_plugins
from kaldra.toolchain.probe import Route, route

T = TypeVar("T")
Target = Literal["local", "dev", "staging", "build"]

JOBS_AT_ONCE = 16
"""More than there are jobs: one that waits for another must never keep it from starting."""


@dataclass(frozen=True)
class Prepared:
    """What is ready now; tools are linked in `state()/bin`."""

    route: Route
    base_image: str
    builder_image: str
    node_image: str | None
    registry_image: str | None


def prepare(
    target: Target,
    progress: Progress,
    *,
    assume_yes: bool,
    meanwhile: Callable[[str, str], object] | None = None,
) -> Prepared:
    """Provide what the target needs; quick when everything is there.

    On dev, `meanwhile` gets the node's and the registry's image as soon as both and the programs
    that make a cluster are there: the rest may still be compiling.
    Raises KaldraError or ConfigurationError of the first thing that fails, after ending the rest.
    """
    way = route()
    with ThreadPoolExecutor(JOBS_AT_ONCE, thread_name_prefix="prepare") as pool:
        jobs = _Jobs(pool, progress, way)
        try:
            docker = _engine(jobs, assume_yes=assume_yes)
            ready = _images(jobs, target, docker, meanwhile)
            if target != "build":
                jobs.start(partial(_pulumi, jobs))
                plugins = ("docker",) if target == "local" else ("kubernetes", "docker")
                jobs.start(partial(ensure_plugins, plugins, progress, route=way))
            if target == "staging":
                jobs.start(partial(_provide, jobs, tools.KUBECTL_TOOL))
            jobs.wait()
            prepared = ready()
        except BaseException:
            commands.stop_all()
            pool.shutdown(cancel_futures=True)
            raise
    gobuild.drop_caches()
    return prepared


class _Jobs:
    """Work in threads; the first failure is raised."""

    def __init__(self, pool: ThreadPoolExecutor, progress: Progress, way: Route) -> None:
        self._pool = pool
        self._futures: list[Future[object]] = []
        self._builds: dict[str, Future[Path]] = {}
        self.progress = progress
        self.way = way

    def start(self, work: Callable[[], T]) -> "Future[T]":
        future = self._pool.submit(work)
        self._futures.append(future)  # type: ignore[arg-type]
        return future

    def build(self, wanted: gobuild.Build) -> "Future[Path]":
        """Start a Go build, or join the one that is under way.

        It downloads at once and compiles after those that were started before it: one build
        keeps every core busy, and two at once would compile what they share twice.
        """
        key = str(wanted.folder)
        if key not in self._builds:
            earlier = list(self._builds.values())
            self._builds[key] = self.start(
                lambda: gobuild.build(
                    wanted, partial(ensure_go, self.progress), self.progress, lambda: wait(earlier)
                )
            )
        return self._builds[key]

    def building(self, wanted: gobuild.Build) -> bool:
        """Whether this run builds it anyway."""
        return str(wanted.folder) in self._builds

    def wait(self) -> None:
        """Wait until all that was started has ended, also by other jobs."""
        while pending := [f for f in self._futures if not f.done()]:
            wait(pending, return_when=FIRST_EXCEPTION)
            if any(f.done() and f.exception() for f in self._futures):
                break
        for future in list(self._futures):
            if future.done():
                future.result()


def _engine(jobs: _Jobs, *, assume_yes: bool) -> "Future[engine.Engine]":
    """Start finding, starting or installing Docker; alone where that has to ask first."""

    def ensure() -> engine.Engine:
        found = engine.ensure_engine(jobs.progress, assume_yes=assume_yes)
        links.link("docker", found.client)
        return found

    places = os.pathsep.join([variables.PATH.value, engine.PROGRAM_FOLDERS])
    docker = jobs.start(ensure)
    if machine().terminal and not assume_yes and not shutil.which("dockerd", path=places):
        docker.result()
    return docker


def _images(
    jobs: _Jobs,
    target: Target,
    docker: "Future[engine.Engine]",
    meanwhile: Callable[[str, str], object] | None,
) -> Callable[[], Prepared]:
    """Start making the images; what is returned collects them once every job has ended."""
    progress, way = jobs.progress, jobs.way
    base = jobs.start(
        lambda: base_image.ensure_base(progress, route=way, client=docker.result().client)
    )
    if target != "dev":
        return lambda: Prepared(way, base.result().base, base.result().builder, None, None)
    node = _node_image(jobs, docker, base)
    registry = jobs.start(
        lambda: registry_image.ensure_registry_image(
            base.result().base, progress, route=way, client=docker.result().client
        )
    )
    programs = [
        jobs.start(partial(_provide, jobs, tool)) for tool in (tools.KIND_TOOL, tools.KUBECTL_TOOL)
    ]
    if meanwhile:

        def when_ready() -> None:
            for program in programs:
                program.result()
            meanwhile(node.result(), registry.result())

        jobs.start(when_ready)
    return lambda: Prepared(
        way, base.result().base, base.result().builder, node.result(), registry.result()
    )


def _node_image(
    jobs: _Jobs, docker: "Future[engine.Engine]", base: "Future[base_image.BaseImages]"
) -> "Future[str]":
    progress = jobs.progress
    if jobs.way is Route.PUBLISHER:
        if not machine().missing_capabilities:
            return jobs.start(lambda: NODE_IMAGE)
        # The publisher's node cannot start privileged containers here; our own one can.
        base = jobs.start(
            lambda: base_image.ensure_base(
                progress, route=Route.REGISTRIES, client=docker.result().client
            )
        )
    programs = jobs.build(NODE)
    kind_files = jobs.start(
        lambda: gobuild.module_folder(
            NODE,
            "sigs.k8s.io/kind",
            "images/base/files",
            f"kind-files-{KIND}",
            partial(ensure_go, progress),
        )
    )
    packages = jobs.start(
        lambda: node_image.ensure_node_base(
            base.result().base, kind_files.result(), progress, client=docker.result().client
        )
    )

    def assemble() -> str:
        binaries = {name: programs.result() / name for name in node_image.BINARIES}
        client = docker.result().client
        return node_image.ensure_node_image(packages.result(), binaries, progress, client=client)

    return jobs.start(assemble)


def _pulumi(jobs: _Jobs) -> None:
    """The CLI with its Python language host; beside each other, since the CLI looks there."""
    tool = tools.PULUMI_TOOL
    if links.chosen(tool.name, tool.version, tool.members):
        return
    found = tools.find(tool)
    if found:
        folder = found.parent
    elif jobs.way is Route.PUBLISHER:
        folder = tools.ensure_downloaded(tool, jobs.progress)
    else:
        cli, language = jobs.build(PULUMI_CLI), jobs.build(LANGUAGE_HOST)
        folder = pulumi_bundle(cli.result(), language.result())
    links.choose(tool.name, tool.version, {name: folder / name for name in tool.members})


def _provide(jobs: _Jobs, tool: tools.Tool) -> None:
    """Find, download or build kind or kubectl, and link it."""

    def build() -> Path:
        if tool is tools.KIND_TOOL:
            return jobs.build(NODE).result() / "kind"
        return _built_kubectl(jobs)

    tools.provide(tool, jobs.way, jobs.progress, build)


def _built_kubectl(jobs: _Jobs) -> Path:
    """The node's program of many names where there is one, else kubectl alone."""
    if NODE.folder.is_dir() or jobs.building(NODE):
        return jobs.build(NODE).result() / "kube"
    return jobs.build(KUBECTL).result() / "kubectl"
