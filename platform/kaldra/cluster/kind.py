"""The dev cluster itself: made by kind, kept as it is, started again after a reboot."""

import io
import json
import os
import shutil
import tarfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any
from urllib.parse import quote

from kaldra import variables
from kaldra.cluster.kubeconfig import api_server, forget
from kaldra.cluster.network import delete_network, ensure_network
from kaldra.cluster.ports import require_free
from kaldra.cluster.registry import Registry, delete_registry, ensure_registry
from kaldra.cluster.spec import (
    KIND_LABEL,
    LABEL,
    ClusterSpec,
    context_name,
    hosts_file,
    kind_configuration,
    node_name,
    other_version,
)
from kaldra.errors import ConfigurationError, KaldraError
from kaldra.paths import state
from kaldra.progress import Progress, Step
from kaldra.toolchain import docker_api
from kaldra.toolchain.commands import run
from kaldra.toolchain.engine import REDUCED_RUNTIME
from kaldra.toolchain.machine import machine
from kaldra.versions import KUBERNETES

__all__ = [
    "Cluster",
    "ClusterSpec",
    "Registry",
    "delete_cluster",
    "ensure_cluster",
    "ensure_registry",
    "node_name",
]

FINISHED = "io.kaldra.finished"
"""Label of the volume that is made last: id and fingerprint of a node that was finished.

A container takes no label once it exists, and reading a file out of one takes 150 ms.
"""
START_SECONDS = 60.0
READY_SECONDS = 90.0


@dataclass(frozen=True)
class Cluster:
    """A cluster whose API server answers."""

    identity: str
    """Changes when the cluster is made anew."""
    context: str
    """Name of its context in the kubeconfig."""


class Condition(Enum):
    """What is found of a cluster."""

    ABSENT = "absent"
    RUNNING = "running"
    STOPPED = "stopped"
    BROKEN = "half made by a killed run"
    CHANGED = "made for other ports"


def ensure_cluster(spec: ClusterSpec, progress: Progress) -> Cluster:
    """Have the cluster run: keep it, start it, or make it (anew, if it was left half made).

    Raises ConfigurationError when its port is taken, KaldraError when it does not come up.
    """
    condition = examine(spec)
    if condition is Condition.RUNNING and _reachable(spec):
        if version := outdated_version(spec.name):
            progress.warn(
                f"Cluster {spec.name} runs Kubernetes {version}; this revision pins {KUBERNETES}. "
                "It is kept. To replace it: ./kaldra down --all, then ./kaldra up"
            )
        return _cluster(spec)
    with progress.step(f"kind cluster {spec.name}") as step:
        if condition in (Condition.RUNNING, Condition.STOPPED):
            step.update("starting its node")
            if _start(spec, step):
                step.done("started")
                return _cluster(spec)
            condition = Condition.BROKEN
        if condition is not Condition.ABSENT:
            progress.note(f"Cluster {spec.name} is made anew: it was {condition.value}.")
            _remove_nodes(spec.name)
            forget(spec.kubeconfig, context_name(spec.name))
        _create(spec, step)
        step.done("made")
    return _cluster(spec)


def delete_cluster(name: str, kubeconfig: Path, progress: Progress) -> None:
    """Remove nodes, registry, network and the kubeconfig's entries; absent ones are no error."""
    with progress.step(f"kind cluster {name}") as step:
        step.update("removing")
        _remove_nodes(name)
        delete_registry(name)
        delete_network(name, progress)
        forget(kubeconfig, context_name(name))
        step.done("removed")


def examine(spec: ClusterSpec) -> Condition:
    """Look at the node without changing anything."""
    node = docker_api.container(node_name(spec.name))
    if node is None:
        return Condition.ABSENT
    if (node["Config"].get("Labels") or {}).get(KIND_LABEL) != spec.name:
        raise ConfigurationError(
            f"A container named {node_name(spec.name)} exists, and it is not a node of kind.",
            hint="Set kaldra:clusterName to another name in the stack's file: Pulumi.<stack>.yaml",
        )
    finished, _, fingerprint = _finished(spec.name).partition(" ")
    if finished != node["Id"]:
        return Condition.BROKEN
    if fingerprint != spec.fingerprint:
        return Condition.CHANGED
    return Condition.RUNNING if node["State"]["Running"] else Condition.STOPPED


def outdated_version(name: str) -> str:
    """Kubernetes version of the cluster's node where this revision pins another; else empty."""
    node = docker_api.container(node_name(name)) or {}
    return other_version(str(node.get("Config", {}).get("Image", "")))


def _cluster(spec: ClusterSpec) -> Cluster:
    node = docker_api.container(node_name(spec.name)) or {}
    return Cluster(identity=str(node.get("Id", "")), context=context_name(spec.name))


def _create(spec: ClusterSpec, step: Step) -> None:
    require_privileged_containers()
    require_free(spec.api_port, "the gateway", "kaldra:apiPort")
    ensure_network(spec.name)
    spec.kubeconfig.parent.mkdir(parents=True, exist_ok=True)
    # A kind that was killed leaves its lock behind.
    Path(f"{spec.kubeconfig}.lock").unlink(missing_ok=True)
    _kind(
        "create", "cluster", "--name", spec.name, "--config", "-",
        "--kubeconfig", spec.kubeconfig,
        cluster=spec.name,
        stdin=json.dumps(kind_configuration(spec, cgroup=machine().cgroup)).encode(),
        each_line=lambda line: step.update(_plain(line)),
    )  # fmt: skip
    path, text = hosts_file(spec)
    _write(spec.name, {path: text})
    _mark_finished(spec)


def _start(spec: ClusterSpec, step: Step) -> bool:
    """Start a node that is there, and wait for its API server; tells whether it came up."""
    node = quote(node_name(spec.name))
    try:
        docker_api.request("POST", f"/containers/{node}/start", timeout=START_SECONDS)
    except KaldraError as error:
        step.update(str(error))
        return False
    step.update("waiting for its API server")
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if _reachable(spec):
            return True
        time.sleep(0.3)
    return False


def _reachable(spec: ClusterSpec) -> bool:
    """Whether the API server is ready; writes the kubeconfig again where it is missing."""
    context = context_name(spec.name)
    server = api_server(spec.kubeconfig, context)
    if server is None:
        spec.kubeconfig.parent.mkdir(parents=True, exist_ok=True)
        _kind(
            "export", "kubeconfig", "--name", spec.name, "--kubeconfig", spec.kubeconfig,
            cluster=spec.name,
        )  # fmt: skip
        server = api_server(spec.kubeconfig, context)
    return server is not None and server.ready()


def _remove_nodes(name: str) -> None:
    for item in docker_api.containers(f"{KIND_LABEL}={name}"):
        docker_api.request("DELETE", f"/containers/{item['Id']}?force=1&v=1", timeout=START_SECONDS)
    docker_api.request("DELETE", f"/volumes/{quote(_mark(name))}")


def require_privileged_containers() -> None:
    """Raise where this host's engine would refuse to start a kind node."""
    missing = machine().missing_capabilities
    if not missing:
        return
    info: dict[str, Any] = docker_api.request("GET", "/info")
    if info.get("DefaultRuntime") != REDUCED_RUNTIME:
        raise KaldraError(
            f"This host cannot give containers {', '.join(missing)}, so the Docker Engine that "
            "runs cannot start privileged ones, and a kind node is one.",
            hint="Stop that engine and let ./kaldra up start it: it knows how to do without.",
        )


def _kind(
    *arguments: str | Path,
    cluster: str,
    stdin: bytes | None = None,
    each_line: Callable[[str], None] | None = None,
) -> None:
    own = state() / "bin"
    path = os.pathsep.join([str(own), variables.PATH.value])
    run(
        [shutil.which("kind", path=path) or "kind", *arguments],
        what=f"kind {arguments[0]} {arguments[1]}",
        env={"PATH": path, "KIND_EXPERIMENTAL_DOCKER_NETWORK": cluster},
        stdin=stdin,
        each_line=each_line,
        hint="Run the same command again: it begins this cluster anew.",
    )


def _plain(line: str) -> str:
    """A line of kind without its bullets and pictures."""
    said = line.encode("ascii", "ignore").decode().strip(" .\t")
    return said.partition(" ...")[0].rstrip()


def _finished(name: str) -> str:
    volume = docker_api.request("GET", f"/volumes/{quote(_mark(name))}") or {}
    return str((volume.get("Labels") or {}).get(FINISHED, ""))


def _mark_finished(spec: ClusterSpec) -> None:
    node = docker_api.container(node_name(spec.name)) or {}
    labels = {LABEL: spec.name, FINISHED: f"{node.get('Id')} {spec.fingerprint}"}
    docker_api.request("DELETE", f"/volumes/{quote(_mark(spec.name))}")
    body = {"Name": _mark(spec.name), "Labels": labels}
    docker_api.request("POST", "/volumes/create", body=body)


def _mark(name: str) -> str:
    return f"{name}-finished"


def _write(name: str, files: dict[str, str]) -> None:
    """Put files into the node: path from / → text."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, text in files.items():
            for folder in reversed(Path(path).parents[:-1]):
                entry = tarfile.TarInfo(str(folder))
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(entry)
            entry = tarfile.TarInfo(path)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    docker_api.request(
        "PUT", f"/containers/{quote(node_name(name))}/archive?path=/", body=buffer.getvalue()
    )
