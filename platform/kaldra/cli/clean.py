"""`./kaldra clean`: remove what no release, container or clone needs any more."""

import itertools
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from time import time
from typing import Any, cast

from kaldra.cli import garbage, releases
from kaldra.cli.deploy import cluster_spec, deployed
from kaldra.cli.garbage import KEPT_RELEASES, WEEK_SECONDS, Garbage
from kaldra.cli.ui import Console, confirm
from kaldra.cli.workspace import Workspace
from kaldra.cluster import registry
from kaldra.errors import KaldraError
from kaldra.paths import home, state
from kaldra.stack import secrets
from kaldra.stack.services import API_KEYS
from kaldra.toolchain import docker_client
from kaldra.toolchain.files import alone, clones

CTR = ("ctr", "--namespace=k8s.io")
"""containerd's own client: a node built here has no crictl."""

LOCK = "deploy"
"""Shared by every run that deploys on this machine; cleaning waits for none of them."""

GATHERED = 10
"""Former images of the services that an `up` leaves, more than the last cleaning had left."""


def run(console: Console, *, stack: str, dry_run: bool, everything: bool, assume_yes: bool) -> None:
    """Print what can go, how large it is and why; then remove it, unless `dry_run`."""
    workspace = Workspace.open(stack)
    with alone(LOCK) as nobody_deploys:
        if not nobody_deploys and not dry_run:
            raise KaldraError(
                "Another run deploys from this machine; nothing was removed.",
                hint=f"Once it has ended: ./kaldra clean --stack {stack}",
            )
        with console.step("look for what nothing needs") as step:
            found = look(console, workspace, everything=everything)
            step.done(summary(found))
        sys.stdout.write(table(found))
        if dry_run or not found:
            return
        if everything and not assume_yes:
            question = f"Remove all of it, so that stack {stack} cannot be rolled back?"
            confirm(question, f"./kaldra clean --all --stack {stack} --yes")
        remove(console, workspace, found)


def after_up(console: Console, workspace: Workspace) -> None:
    """Clean once former images have gathered, unless another run deploys; fails nothing."""
    left = state() / "former-images"
    try:
        known = int(left.read_text(encoding="ascii")) if left.is_file() else 0
        if (number := _former_images()) < known + GATHERED:
            if number < known:
                left.write_text(str(number), encoding="ascii")
            return
        with alone(LOCK) as nobody_deploys:
            if nobody_deploys:
                remove(console, workspace, look(console, workspace, everything=False))
                left.write_text(str(_former_images()), encoding="ascii")
    except (KaldraError, OSError, ValueError) as error:
        console.warn(f"Nothing was cleaned: {error}")


def look(console: Console, workspace: Workspace, *, everything: bool) -> list[Garbage]:
    """Everything that can go, as far as the engine and the stack can be asked."""
    with docker_client.engine() as api:
        usage = api.df()
        images = usage.get("Images") or api.images()  # engines from 29 on leave the first out
        containers = api.containers(all=True)
    kept = _kept(console, workspace, everything=everything)
    mentioned = (kept or frozenset()) | garbage.mentioned(_states(workspace))
    before = time() - (0 if everything else WEEK_SECONDS)
    found = [
        *garbage.images(images, mentioned | {c["ImageID"] for c in containers}, before),
        *garbage.build_cache(usage.get("BuildCache") or (), everything=everything),
        *_former_keys({m["Source"] for c in containers for m in c.get("Mounts") or ()}),
        *_tools(before),
    ]
    if workspace.settings.target == "dev" and kept is not None:
        found += [*_registry(workspace, mentioned), *_node(workspace, mentioned)]
    return found


def remove(console: Console, workspace: Workspace, found: Sequence[Garbage]) -> None:
    """Remove it; what cannot be removed is reported, and the rest goes on."""
    spec = cluster_spec(workspace)
    one_by_one: dict[str, Callable[[str], object]] = {
        "image": docker_client.remove_image,
        "build cache": _remove_cache,
        "node image": lambda names: docker_client.execute(
            spec.node, *CTR, "images", "remove", *names.split()
        ),
        "tool": shutil.rmtree,
        "former key": shutil.rmtree,
    }
    removed = []
    with console.step("remove what nothing needs") as step:
        for each in found:
            if act := one_by_one.get(each.kind):
                step.update(each.title)
                try:
                    act(each.name)
                    removed.append(each)
                except (KaldraError, OSError) as error:
                    console.warn(f"{each.title} stays: {error}")
        if stored := [each for each in found if each.kind == "registry"]:
            step.update("registry")
            registry.remove(spec, [each.name for each in stored])
            removed += stored
        step.done(summary(removed))


def summary(found: Sequence[Garbage]) -> str:
    """Number and size in one line."""
    return f"{len(found)} found, {_megabytes(sum(g.size for g in found))}" if found else "nothing"


def table(found: Iterable[Garbage]) -> str:
    """What, how much, why, a line each; the largest first within each kind."""
    rows = sorted(found, key=lambda g: (g.kind, -g.size, g.name))
    width = max((len(row.title) for row in rows), default=0)
    return "".join(
        f"{row.kind:<11}  {row.title:<{width}}  {_megabytes(row.size):>9}  {row.why}\n"
        for row in rows
    )


def _kept(console: Console, workspace: Workspace, *, everything: bool) -> frozenset[str] | None:
    """Images of the releases that stay; None where the stack is not deployed from here."""
    found = deployed(console, workspace)
    if not (found and found.resources):
        return None
    working = releases.working(releases.updates(found))
    number = 1 if everything else KEPT_RELEASES
    kept = [found.images, *(r.images for r in itertools.islice(working, number))]
    return garbage.mentioned(ref for images in kept for ref in images.values())


def _states(workspace: Workspace) -> Iterator[str]:
    """States of all stacks of all clones known here, without the history of this stack.

    So all releases of other stacks stay, and the last ones of this stack.
    """
    own = state() / "state" / ".pulumi" / "history" / "kaldra" / workspace.stack
    for folder in {state(), *clones()}:
        for file in (folder / "state" / ".pulumi").rglob("*.json*"):
            if not file.is_relative_to(own):
                with suppress(OSError):  # a lock or a state that another run has just replaced
                    yield file.read_text(encoding="utf-8", errors="replace")


def _registry(workspace: Workspace, kept: frozenset[str]) -> Iterable[Garbage]:
    spec = cluster_spec(workspace)
    if not registry.is_running(spec):
        return []
    stored, tagged = registry.stored(spec)
    listed = {image: registry.blobs(spec, image) for image in stored}
    return garbage.manifests(listed, kept | tagged)


def _node(workspace: Workspace, kept: frozenset[str]) -> Iterable[Garbage]:
    name = cluster_spec(workspace).node
    node = docker_client.container(name)
    if not (node and docker_client.runs(node)):
        return []
    images, containers = (
        docker_client.execute(name, *CTR, what, "list") for what in ("images", "containers")
    )
    registry = f"localhost:{workspace.settings.registry_port}"
    return garbage.node_images(images, containers, registry, kept)


def _tools(before: float) -> list[Garbage]:
    """Tools made before then that no clone's links or plugins lead to."""
    folders = {state(), *clones()}
    programs = [path.resolve() for folder in folders for path in (folder / "bin").glob("*")]
    origins = {
        file.read_text(encoding="utf-8").strip().partition(" ")[2]
        for folder in folders
        for file in (folder / "pulumi" / "plugins").glob("*/kaldra-origin")
    }
    return [
        Garbage("tool", str(folder), _size(folder), "no clone on this machine has chosen it")
        for kind in ("built", "downloaded")
        for folder in (home() / kind).glob("*")
        if folder.is_dir()
        and folder.stat().st_mtime < before
        and folder.name not in origins
        and not any(program.is_relative_to(folder) for program in programs)
    ]


def _former_keys(mounted: set[str]) -> list[Garbage]:
    """Folders of API keys that no container mounts and that do not hold the present keys."""
    folders = {str(path) for path in (state() / "secrets").glob("*") if path.is_dir()}
    if secrets.dev_secrets_file().exists():
        folders.discard(str(secrets.directory_of(API_KEYS, secrets.own_keys())))
    why = "keys that no container mounts"
    return [Garbage("former key", path, 0, why) for path in sorted(folders - mounted)]


def _remove_cache(name: str) -> None:
    with docker_client.engine() as api:
        api.prune_builds(filters=cast("Any", {"id": name}))


def _former_images() -> int:
    """Untagged images of the services in the engine."""
    with docker_client.engine() as api:
        listed = api.images(filters={"label": garbage.TITLE_LABEL})
    return sum(garbage.is_former(image) for image in listed)


def _size(folder: Path) -> int:
    """Bytes that go with the folder: a file with another link stays."""
    # Links are not followed: what they lead to stays, and may be closed to this user.
    files = (Path(place, name).lstat() for place, _, names in os.walk(folder) for name in names)
    return sum(file.st_size for file in files if file.st_nlink == 1)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size else ""
