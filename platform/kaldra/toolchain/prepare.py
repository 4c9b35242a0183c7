"""Everything a target needs on this machine, made at once: builds beside downloads beside images."""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from kaldra.paths import home, state
from kaldra.progress import Progress
from kaldra.toolchain import (
    base_image,
    commands,
    engine,
    gobuild,
    node_image,
    registry_image,
    tools,
)
from kaldra.toolchain.builds import LANGUAGE_HOST, NODE, PULUMI_CLI
from kaldra.toolchain.files import publishing
from kaldra.toolchain.go_tool import ensure_go
from kaldra.toolchain.pins import KIND, NODE_IMAGE, PULUMI
from kaldra.toolchain.plugins import ensure_plugins
from kaldra.toolchain.probe import Route, route

T = TypeVar("T")
Target = Literal["local", "dev", "staging", "build"]


@dataclass(frozen=True)
class Prepared:
    """What is ready now; tools are linked in `state()/bin`."""

    route: Route
    base_image: str
    builder_image: str
    node_image: str | None
    registry_image: str | None


def prepare(target: Target, progress: Progress, *, assume_yes: bool) -> Prepared:
    """Provide what the target needs; quick when everything is there.

    Raises KaldraError or ConfigurationError of the first thing that fails, after ending the rest.
    """
    # First and alone: it may have to ask.
    docker = engine.ensure_engine(progress, assume_yes=assume_yes)
    way = route()
    _link({"docker": docker.client})
    pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="prepare")
    try:
        jobs = _Jobs(pool, progress, way, docker.client)
        ready = _images(jobs, target)
        if target != "build":
            jobs.start(_pulumi, progress, way)
            jobs.start(lambda: ensure_plugins(_plugins(target), progress, route=way))
        if target in ("dev", "staging"):
            jobs.start(_cluster_tools, progress, way, kind=target == "dev")
        jobs.wait()
        prepared = ready()
    except BaseException:
        commands.stop_all()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    if way is Route.REGISTRIES and target == "dev":
        gobuild.drop_caches()
    return prepared


class _Jobs:
    """Work in threads; the first failure is raised."""

    def __init__(
        self, pool: ThreadPoolExecutor, progress: Progress, way: Route, client: Path
    ) -> None:
        self._pool = pool
        self._futures: list[Future[object]] = []
        self.progress = progress
        self.way = way
        self.client = client

    def start(self, work: Callable[..., T], *arguments: object, **options: object) -> "Future[T]":
        future = self._pool.submit(work, *arguments, **options)
        self._futures.append(future)  # type: ignore[arg-type]
        return future

    def wait(self) -> None:
        done, _ = wait(self._futures, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()


def _images(jobs: _Jobs, target: Target) -> Callable[[], Prepared]:
    """Start making the images; what is returned collects them once every job has ended."""
    progress, way, client = jobs.progress, jobs.way, jobs.client
    base = jobs.start(base_image.ensure_base, progress, route=way, client=client)
    if target != "dev":
        return lambda: Prepared(way, base.result().base, base.result().builder, None, None)
    registry = jobs.start(
        lambda: registry_image.ensure_registry_image(
            base.result().base, progress, route=way, client=client
        )
    )
    if way is Route.PUBLISHER:
        node: Future[str] = jobs.start(lambda: NODE_IMAGE)
    else:
        packages = jobs.start(
            lambda: node_image.ensure_node_base(
                base.result().base, _kind_files(progress), progress, client=client
            )
        )
        binaries = jobs.start(lambda: gobuild.build(NODE, ensure_go(progress), progress))
        node = jobs.start(
            lambda: node_image.ensure_node_image(
                packages.result(), _inside(binaries.result()), progress, client=client
            )
        )
    return lambda: Prepared(
        way, base.result().base, base.result().builder, node.result(), registry.result()
    )


def _pulumi(progress: Progress, way: Route) -> None:
    tool = tools.PULUMI_TOOL
    if _linked(tool.members):
        return
    found = tools.find(tool)
    if found:
        _link({name: found.parent / name for name in tool.members})
    elif way is Route.PUBLISHER:
        folder = tools.ensure_downloaded(tool, progress)
        _link({name: folder / name for name in tool.members})
    else:
        go = ensure_go(progress)
        folder = _pulumi_bundle(go, progress)
        _link({name: folder / name for name in tool.members})


def _pulumi_bundle(go: Path, progress: Progress) -> Path:
    """The CLI, its language host and their scripts in one folder: the host looks beside itself."""
    folder = home() / "built" / f"pulumi-{PULUMI}-{PULUMI_CLI.key}-{LANGUAGE_HOST.key}"
    if folder.is_dir():
        return folder
    language = gobuild.build(LANGUAGE_HOST, go, progress)
    cli = gobuild.build(PULUMI_CLI, go, progress)
    with publishing(folder) as partial:
        for program in (
            cli / "pulumi",
            language / "pulumi-language-python",
            cli / "scripts/exec/pulumi-language-python-exec",
            cli / "scripts/dynamic/pulumi-resource-pulumi-python",
        ):
            target = partial / program.name
            target.hardlink_to(program)
            target.chmod(0o755)
    return folder


def _cluster_tools(progress: Progress, way: Route, *, kind: bool) -> None:
    for tool in (tools.KIND_TOOL, tools.KUBECTL_TOOL) if kind else (tools.KUBECTL_TOOL,):
        if _linked((tool.name,)):
            continue
        found = tools.find(tool)
        if found:
            _link({tool.name: found})
        elif way is Route.PUBLISHER:
            _link({tool.name: tools.ensure_downloaded(tool, progress) / tool.name})
        else:
            built = gobuild.build(NODE, ensure_go(progress), progress)
            program = built / ("kind" if tool.name == "kind" else "kube")
            _link({tool.name: program})


def _kind_files(progress: Progress) -> Path:
    go = ensure_go(progress)
    module = "sigs.k8s.io/kind"
    return gobuild.module_folder(NODE, module, "images/base/files", f"kind-files-{KIND}", go)


def _inside(folder: Path) -> dict[str, Path]:
    return {name: folder / name for name in node_image.BINARIES}


def _plugins(target: Target) -> tuple[str, ...]:
    return ("docker",) if target == "local" else ("kubernetes", "docker")


def _linked(names: tuple[str, ...]) -> bool:
    """Whether every link is there and leads somewhere."""
    return all((state() / "bin" / name).exists() for name in names)


def _link(programs: Mapping[str, Path]) -> None:
    """Point `state()/bin` at the chosen programs, each in one step."""
    folder = state() / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    for name, program in programs.items():
        link = folder / name
        if link.is_symlink() and link.readlink() == program:
            continue
        new = folder / f".{name}.{os.getpid()}"
        new.unlink(missing_ok=True)
        new.symlink_to(program)
        new.rename(link)
