"""Everything a target needs on this machine, prepared at once: builds, downloads, images.

`prepare` lists the tasks with what each needs, and `_run` starts each as soon as it can.
"""

import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, Literal

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
from kaldra.toolchain.builds import (
    KUBECTL,
    KUBERNETES_PROVIDER,
    LANGUAGE_HOST,
    NODE,
    PULUMI_CLI,
    pulumi_bundle,
)
from kaldra.toolchain.files import remember_clone, sharing
from kaldra.toolchain.go_tool import ensure_go
from kaldra.toolchain.machine import machine
from kaldra.toolchain.plugins import ensure_plugin, must_build
from kaldra.toolchain.probe import Route, route
from kaldra.versions import KIND, NODE_IMAGE

Target = Literal["local", "dev", "staging", "build"]
Task = tuple[tuple[str, ...], Callable[..., Any]]
"""Names of the tasks it needs, and a function of their results."""

PLUGINS_OF: Mapping[Target, tuple[str, ...]] = {
    "local": ("docker",),
    "dev": ("kubernetes", "docker"),
    "staging": ("kubernetes", "docker"),
    "build": (),
}
TASKS_AT_ONCE = 16
"""More than can be ready at once: none waits for a thread."""
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
    plan.docker(assume_yes=assume_yes)
    plan.images(target)
    plan.programs(target)
    plan.plugins(target)
    if meanwhile and target == "dev":
        needs = ("node image", "registry image", "kind", "kubectl")
        plan.tasks["cluster"] = (needs, lambda node, registry, *_: meanwhile(node, registry))
    with sharing("go-cache"):
        results = _run(plan.tasks | plan.compilation())
    gobuild.drop_caches()
    base = results["base image"]
    return Prepared(
        plan.way, base.base, base.builder, results.get("node image"), results.get("registry image")
    )


def _run(tasks: Mapping[str, Task]) -> dict[str, Any]:
    """Run every task once those it needs have ended; returns the results by name."""
    order = TopologicalSorter({name: needs for name, (needs, _) in tasks.items()})
    order.prepare()
    results: dict[str, Any] = {}
    running: dict[Future[Any], str] = {}
    pool = ThreadPoolExecutor(TASKS_AT_ONCE, thread_name_prefix="prepare")
    try:
        with commands.ending_together():
            while order.is_active():
                for name in order.get_ready():
                    needs, work = tasks[name]
                    running[pool.submit(work, *(results[need] for need in needs))] = name
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    name = running.pop(future)
                    results[name] = future.result()
                    order.done(name)
    finally:
        # A thread may wait for another run's lock, or for an answer: it is left behind.
        pool.shutdown(wait=False, cancel_futures=True)
        wait(running, timeout=ENDING_SECONDS)
    return results


class _Plan:
    """The tasks of one run, by name."""

    def __init__(self, way: Route, progress: Progress) -> None:
        self.way = way
        self.tasks: dict[str, Task] = {}
        self._progress = progress
        self._builds: dict[str, gobuild.Build] = {}
        # The publisher's node cannot start privileged containers on a host with few capabilities.
        self._own_node = way is Route.REGISTRIES or bool(machine().missing_capabilities)

    def docker(self, *, assume_yes: bool) -> None:
        """Find, start or install Docker; before anything else where that asks a question."""

        def ensure() -> Path:
            client = engine.ensure_engine(self._progress, assume_yes=assume_yes)
            links.link("docker", client)
            return client

        asks = machine().terminal and not assume_yes and not shutil.which("dockerd")
        client = ensure() if asks else None
        self.tasks["docker"] = ((), lambda: client or ensure())

    def images(self, target: Target) -> None:
        """Base images; on dev those of node and registry too."""
        progress = self._progress

        def base(client: Path, way: Route = self.way) -> base_image.BaseImages:
            return base_image.ensure_base(progress, route=way, client=client)

        self.tasks["base image"] = (("docker",), base)
        if target != "dev":
            return
        self.tasks["registry image"] = (
            ("base image", "docker"),
            lambda base, client: registry_image.ensure_registry_image(
                base.base, progress, route=self.way, client=client
            ),
        )
        if not self._own_node:
            self.tasks["node image"] = ((), lambda: NODE_IMAGE)
            return
        node_base = "base image"
        if self.way is Route.PUBLISHER:
            node_base = "node base image"
            self.tasks[node_base] = (("docker",), partial(base, way=Route.REGISTRIES))
        find_go = partial(ensure_go, progress)
        self.tasks["kind files"] = (
            (),
            lambda: gobuild.module_folder(
                NODE, "sigs.k8s.io/kind", "images/base/files", f"kind-files-{KIND}", find_go
            ),
        )
        self.tasks["node packages"] = (
            (node_base, "kind files", "docker"),
            lambda base, files, client: node_image.ensure_node_base(
                base.base, files, progress, client=client
            ),
        )
        self.tasks["node image"] = (
            ("node packages", *self._built(NODE), "docker"),
            lambda packages, built, client: node_image.ensure_node_image(
                packages,
                {name: built / name for name in node_image.BINARIES},
                progress,
                client=client,
            ),
        )

    def programs(self, target: Target) -> None:
        """The command-line tools."""
        if target == "build":
            return
        self._program(tools.PULUMI_TOOL, pulumi_bundle, PULUMI_CLI, LANGUAGE_HOST)
        if target == "dev":
            self._program(tools.KIND_TOOL, lambda built: {"kind": built / "kind"}, NODE)
        if target in ("dev", "staging"):
            # One program in the node's build is all of Kubernetes' programs.
            node = target == "dev" or NODE.folder.is_dir()
            build, name = (NODE, "kube") if node else (KUBECTL, "kubectl")
            self._program(tools.KUBECTL_TOOL, lambda built: {"kubectl": built / name}, build)

    def plugins(self, target: Target) -> None:
        """Pulumi's provider plugins."""
        for name in PLUGINS_OF[target]:
            needs = self._built(KUBERNETES_PROVIDER) if must_build(name, self.way) else ()
            install = partial(ensure_plugin, name, self._progress, self.way)
            self.tasks[f"plugin {name}"] = (needs, install)

    def compilation(self) -> dict[str, Task]:
        """Download all modules at once, compile one build after the other in the order of need.

        One build keeps every core busy, and two at once would compile what they share twice.
        """
        find_go = partial(ensure_go, self._progress)
        tasks: dict[str, Task] = {}
        before: tuple[str, ...] = ()
        for name, build in self._builds.items():
            compile_ = partial(gobuild.build, build, find_go, self._progress)
            tasks[f"modules {build.name}"] = (
                (),
                partial(gobuild.fetch, build, find_go, self._progress),
            )
            tasks[name] = (
                (f"modules {build.name}", *before),
                lambda packages, *_, compile_=compile_: compile_(packages),
            )
            before = (name,)
        return tasks

    def _program(
        self, tool: tools.Tool, programs: Callable[..., Mapping[str, Path]], *builds: gobuild.Build
    ) -> None:
        """Find, download or build a tool; `programs` gets the folders of the builds."""
        needs = self._built(*builds) if tools.must_build(tool, self.way) else ()
        self.tasks[tool.name] = (
            needs,
            lambda *folders: tools.provide(
                tool, self.way, self._progress, lambda: programs(*folders)
            ),
        )

    def _built(self, *builds: gobuild.Build) -> tuple[str, ...]:
        """Have these built; returns the names of the tasks."""
        wanted = {f"build {build.name}": build for build in builds}
        self._builds |= wanted
        return tuple(wanted)
