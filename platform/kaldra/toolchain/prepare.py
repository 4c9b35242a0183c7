"""Everything a target needs on this machine, prepared at once: builds, downloads, images.

Each task is begun at once, and waits in a thread of its own for the results that it needs.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

from kaldra.progress import Progress
from kaldra.toolchain import builds, commands, engine, gobuild, images, tools
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
    way = route()
    plan = _Plan(way, progress)
    unbuilt = {name for name in PLUGINS_OF[target] if must_build(name, way)}
    node: Future[str] | None = None
    registry: Future[str] | None = None
    cluster: list[Future[None]] = []
    with sharing("go-cache"), plan.ending_together():
        docker = plan.docker(assume_yes=assume_yes)
        base = plan.begin(images.ensure_base, progress, way, after=[docker])
        builder = plan.begin(images.ensure_builder, base, progress, way)
        if target == "dev":
            node = plan.node_image(docker, base)
            registry = plan.begin(images.ensure_registry, base, progress, way)
        if target != "build":
            plan.program(tools.PULUMI_TOOL, plan.pulumi)
        if target == "dev":
            cluster.append(plan.program(tools.KIND_TOOL, lambda: plan.built(builds.NODE)))
        if target in ("dev", "staging"):
            # One program in the node's build is all of Kubernetes' programs.
            has_node = target == "dev" or builds.NODE.folder.is_dir()
            build, name = (builds.NODE, "kube") if has_node else (builds.KUBECTL, "kubectl")
            cluster.append(plan.program(tools.KUBECTL_TOOL, lambda: plan.built(build), name))
        for plugin in PLUGINS_OF[target]:
            needs = [plan.built(builds.KUBERNETES_PROVIDER)] if plugin in unbuilt else []
            plan.begin(ensure_plugin, plugin, progress, way, *needs)
        if meanwhile and node and registry:
            plan.begin(meanwhile, node, registry, after=cluster)
    gobuild.drop_caches()
    optional = (made.result() if made else None for made in (node, registry))
    return Prepared(way, base.result(), builder.result(), *optional)


class _Plan:
    """The tasks of one run."""

    def __init__(self, way: Route, progress: Progress) -> None:
        self._way = way
        self._progress = progress
        self._pool = ThreadPoolExecutor(MOST_TASKS, thread_name_prefix="prepare")
        self._tasks: list[Future[Any]] = []
        self._builds: dict[str, Future[Path]] = {}

    def begin(
        self, work: Callable[..., Result], *arguments: object, after: Iterable[Future[Any]] = ()
    ) -> Future[Result]:
        """Have `work` done with the arguments, of tasks that were begun before with the results."""

        def act() -> Result:
            for task in after:
                task.result()
            return work(*(a.result() if isinstance(a, Future) else a for a in arguments))

        task = self._pool.submit(act)
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
            tools.link("docker", client)
            return client

        asks = machine().terminal and not assume_yes and not shutil.which("dockerd")
        client = ensure() if asks else None
        return self.begin(lambda: client or ensure())

    def node_image(self, docker: Future[Path], base: Future[str]) -> Future[str]:
        """The image of the dev cluster's node."""
        # The publisher's cannot start privileged containers on a host with few capabilities.
        if self._way is Route.PUBLISHER:
            if not machine().missing_capabilities:
                return self.begin(lambda: NODE_IMAGE)
            base = self.begin(images.ensure_base, self._progress, Route.REGISTRIES, after=[docker])
        kind = ("sigs.k8s.io/kind", "images/base/files", f"kind-files-{KIND}")
        files = self.begin(gobuild.module_folder, builds.NODE, *kind, self._progress)
        packages = self.begin(images.ensure_node_base, base, files, self._progress)
        return self.begin(images.ensure_node, packages, self.built(builds.NODE), self._progress)

    def pulumi(self) -> Future[Path]:
        """Folder of the Pulumi CLI and its language host, built."""
        parts = builds.PULUMI_CLI, builds.LANGUAGE_HOST
        return self.begin(builds.pulumi_bundle, *map(self.built, parts))

    def program(
        self, tool: tools.Tool, build: Callable[[], Future[Path]], name: str = ""
    ) -> Future[None]:
        """Find, download or build a tool; `name` is that of its program in the folder built."""
        provide = partial(tools.provide, tool, self._progress)
        if not tools.must_build(tool, self._way):
            return self.begin(provide)
        return self.begin(lambda folder: provide(folder / (name or tool.name)), build())

    def built(self, build: gobuild.Build) -> Future[Path]:
        """Have this built: modules are downloaded at once, builds compiled in the order of need.

        One build keeps every core busy, and two at once would compile what they share twice.
        """
        if build.name not in self._builds:
            before = list(self._builds.values())[-1:]
            packages = self.begin(gobuild.fetch, build, self._progress)
            compiled = self.begin(gobuild.build, build, self._progress, packages, after=before)
            self._builds[build.name] = compiled
        return self._builds[build.name]
