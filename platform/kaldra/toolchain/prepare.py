"""Everything a target needs on this machine, prepared at once: builds, downloads, images.

Each task is begun at once, and waits in a thread of its own for the results that it needs.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

from kaldra.progress import Progress
from kaldra.toolchain import (
    base_image,
    builds,
    commands,
    engine,
    gobuild,
    links,
    node_image,
    registry_image,
    tools,
)
from kaldra.toolchain.files import remember_clone, sharing
from kaldra.toolchain.machine import machine
from kaldra.toolchain.plugins import ensure_plugin, must_build
from kaldra.toolchain.probe import Route, route
from kaldra.versions import KIND, NODE_IMAGE

Target = Literal["local", "dev", "staging", "build"]
Result = TypeVar("Result")

PLUGINS_OF: Mapping[Target, tuple[str, ...]] = {
    "local": ("docker",),
    "dev": ("kubernetes", "docker"),
    "staging": ("kubernetes", "docker"),
    "build": (),
}
MOST_TASKS = 32
"""More than there are: none waits for a thread."""
ENDING_SECONDS = 1.0
"""What the other tasks get to tidy up when one failed, after their programs have ended."""


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
    Raises KaldraError or ConfigurationError of the first task that fails, after ending the rest.
    """
    remember_clone()
    plan = _Plan(route(), progress)
    unbuilt = {name for name in PLUGINS_OF[target] if must_build(name, plan.way)}
    node: Future[str] | None = None
    registry: Future[str] | None = None
    with sharing("go-cache"), plan.ending_together():
        docker = plan.docker(assume_yes=assume_yes)
        base = plan.begin(lambda _: base_image.ensure_base(progress, plan.way), docker)
        if target == "dev":
            node, registry = plan.node_image(docker, base), plan.registry_image(base)
        programs = plan.programs(target)
        for name in PLUGINS_OF[target]:
            needs = [plan.built(builds.KUBERNETES_PROVIDER)] if name in unbuilt else []
            plan.begin(partial(ensure_plugin, name, progress, plan.way), *needs)
        if meanwhile and node and registry:
            make = meanwhile
            plan.begin(lambda node, registry, *_: make(node, registry), node, registry, *programs)
    gobuild.drop_caches()
    made, results = base.result(), [one.result() if one else None for one in (node, registry)]
    return Prepared(plan.way, made.base, made.builder, *results)


class _Plan:
    """The tasks of one run."""

    def __init__(self, way: Route, progress: Progress) -> None:
        self.way = way
        self._progress = progress
        self._pool = ThreadPoolExecutor(MOST_TASKS, thread_name_prefix="prepare")
        self._tasks: list[Future[Any]] = []
        self._builds: dict[str, Future[Path]] = {}
        # The publisher's node cannot start privileged containers on a host with few capabilities.
        self._own_node = way is Route.REGISTRIES or bool(machine().missing_capabilities)

    def begin(self, work: Callable[..., Result], *needs: Future[Any]) -> Future[Result]:
        """Have `work` done with the results of others, which were begun before it."""
        task = self._pool.submit(lambda: work(*(need.result() for need in needs)))
        self._tasks.append(task)
        return task

    @contextmanager
    def ending_together(self) -> Iterator[None]:
        """Wait for what the block began; raises the first error, after ending the other tasks."""
        try:
            with commands.ending_together():
                yield
                for task in wait(self._tasks, return_when=FIRST_EXCEPTION).done:
                    task.result()
        finally:
            # A thread may wait for another run's lock, or for an answer: it is left behind.
            self._pool.shutdown(wait=False, cancel_futures=True)
            wait(self._tasks, timeout=ENDING_SECONDS)

    def docker(self, *, assume_yes: bool) -> Future[Path]:
        """Find, start or install Docker; before anything else where that asks a question."""

        def ensure() -> Path:
            client = engine.ensure_engine(self._progress, assume_yes=assume_yes)
            links.link("docker", client)
            return client

        asks = machine().terminal and not assume_yes and not shutil.which("dockerd")
        client = ensure() if asks else None
        return self.begin(lambda: client or ensure())

    def registry_image(self, base: Future[base_image.BaseImages]) -> Future[str]:
        """The image of the local registry."""
        ensure = registry_image.ensure_registry_image
        return self.begin(lambda base: ensure(base.base, self._progress, self.way), base)

    def node_image(self, docker: Future[Path], base: Future[base_image.BaseImages]) -> Future[str]:
        """The image of the dev cluster's node."""
        progress = self._progress
        if not self._own_node:
            return self.begin(lambda: NODE_IMAGE)
        if self.way is Route.PUBLISHER:
            ensure = partial(base_image.ensure_base, progress, Route.REGISTRIES)
            base = self.begin(lambda _: ensure(), docker)
        kind = ("sigs.k8s.io/kind", "images/base/files", f"kind-files-{KIND}")
        files = self.begin(lambda: gobuild.module_folder(builds.NODE, *kind, progress))
        packages = self.begin(
            lambda base, files: node_image.ensure_node_base(base.base, files, progress), base, files
        )
        return self.begin(
            lambda packages, built: node_image.ensure_node_image(packages, built, progress),
            packages,
            self.built(builds.NODE),
        )

    def programs(self, target: Target) -> list[Future[None]]:
        """The command-line tools; returns those that a cluster is made with."""
        made: list[Future[None]] = []
        if target != "build":
            self._program(
                tools.PULUMI_TOOL, builds.pulumi_bundle, builds.PULUMI_CLI, builds.LANGUAGE_HOST
            )
        if target == "dev":
            kind = tools.KIND_TOOL
            made.append(self._program(kind, lambda built: {"kind": built / "kind"}, builds.NODE))
        if target in ("dev", "staging"):
            # One program in the node's build is all of Kubernetes' programs.
            node = target == "dev" or builds.NODE.folder.is_dir()
            build, name = (builds.NODE, "kube") if node else (builds.KUBECTL, "kubectl")
            kubectl = tools.KUBECTL_TOOL
            made.append(self._program(kubectl, lambda built: {"kubectl": built / name}, build))
        return made

    def _program(
        self, tool: tools.Tool, programs: Callable[..., Mapping[str, Path]], *needed: gobuild.Build
    ) -> Future[None]:
        """Find, download or build a tool; `programs` gets the folders of what it needs built."""
        needs = map(self.built, needed) if tools.must_build(tool, self.way) else ()
        provide = partial(tools.provide, tool, self.way, self._progress)
        return self.begin(lambda *folders: provide(lambda: programs(*folders)), *needs)

    def built(self, build: gobuild.Build) -> Future[Path]:
        """Have this built: modules are downloaded at once, builds compiled in the order of need.

        One build keeps every core busy, and two at once would compile what they share twice.
        """
        if build.name not in self._builds:
            before = list(self._builds.values())[-1:]
            modules = self.begin(partial(gobuild.fetch, build, self._progress))
            compile_ = partial(gobuild.build, build, self._progress)
            self._builds[build.name] = self.begin(
                lambda packages, *_: compile_(packages), modules, *before
            )
        return self._builds[build.name]
