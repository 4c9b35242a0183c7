"""The dev cluster itself: created by kind, kept as it is, started again after a reboot."""

import json
import os
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from kaldra import environment, variables
from kaldra.cluster.kubeconfig import api_server, forget
from kaldra.cluster.network import delete_network, ensure_network
from kaldra.cluster.ports import require_free
from kaldra.cluster.registry import write_hosts
from kaldra.cluster.spec import KIND_LABEL, NODE_PORT, ClusterSpec, kind_configuration
from kaldra.errors import ConfigurationError, KaldraError
from kaldra.progress import Progress, Step
from kaldra.toolchain import docker_client, tools
from kaldra.toolchain.commands import run
from kaldra.toolchain.engine import REDUCED_RUNTIME
from kaldra.toolchain.machine import machine
from kaldra.versions import KUBERNETES, NODE_IMAGE

REMOVE = "./kaldra down --all"
IMAGE_VERSION = re.compile(r":v(\d+\.\d+\.\d+)")
READY_SECONDS = 300.0
"""A node that was stopped, on a slow machine, needs minutes."""
REGISTRIES = "/etc/containerd/certs.d"
"""Folder in the node; what is written there last marks a node whose creation was completed."""


def ensure_cluster(spec: ClusterSpec, progress: Progress) -> str:
    """Keep the cluster, start it, or create it; returns an identity that its next creation changes.

    A cluster whose creation was completed is never removed.

    Raises ConfigurationError when its port is taken or another one than it was created with,
    KaldraError when it does not become ready.
    """
    condition = examine(spec)
    if condition == "running" and is_ready(spec):
        if version := outdated_version(spec):
            progress.warn(
                f"Cluster {spec.name} runs Kubernetes {version}; this revision pins {KUBERNETES}. "
                f"It is kept. To replace it: {REMOVE} && ./kaldra up"
            )
    else:
        with progress.step(f"kind cluster {spec.name}") as step:
            if condition != "absent" and is_complete(spec):
                _resume(spec, step)
                step.done("started")
            else:
                if condition != "absent":
                    progress.note(
                        f"Creating cluster {spec.name} was interrupted: it is created again."
                    )
                    _remove_nodes(spec)
                _create(spec, step)
                step.done("created")
    node = docker_client.container(spec.node) or {}
    return str(node.get("Id", ""))


def delete_cluster(spec: ClusterSpec, progress: Progress) -> None:
    """Remove nodes, registry, network and the kubeconfig's entries; absent ones are no error."""
    with progress.step(f"kind cluster {spec.name}") as step:
        step.update("removing")
        _remove_nodes(spec)
        docker_client.remove_container(spec.registry)
        docker_client.remove_volume(spec.registry)
        delete_network(spec.name, progress)
        forget(spec)
        step.done("removed")


def examine(spec: ClusterSpec) -> docker_client.Condition:
    """Look at the node without changing anything. ConfigurationError where it is another's."""
    node = docker_client.container(spec.node)
    if node is None:
        return "absent"
    if (node["Config"].get("Labels") or {}).get(KIND_LABEL) != spec.name:
        raise ConfigurationError(
            f"A container named {spec.node} exists, and it is not a node of kind.",
            hint="Set kaldra:clusterName to another name in the stack's file: Pulumi.<stack>.yaml",
        )
    bound = (node["HostConfig"].get("PortBindings") or {}).get(f"{NODE_PORT}/tcp") or []
    ports = [int(binding["HostPort"]) for binding in bound]
    if ports and spec.api_port not in ports:
        raise ConfigurationError(
            f"Cluster {spec.name} was created with port {ports[0]} for the gateway, and "
            f"kaldra:apiPort is now {spec.api_port}; a cluster cannot change it.",
            hint=f"Set kaldra:apiPort back, or create the cluster again: {REMOVE} && ./kaldra up",
        )
    return docker_client.condition(node)


def outdated_version(spec: ClusterSpec) -> str:
    """Kubernetes version of the cluster's node where this revision pins another; else empty."""
    node = docker_client.container(spec.node) or {}
    found = IMAGE_VERSION.findall(str(node.get("Config", {}).get("Image", "")))
    pinned = {KUBERNETES, *IMAGE_VERSION.findall(NODE_IMAGE)}
    return next((version for version in found if version not in pinned), "")


def _create(spec: ClusterSpec, step: Step) -> None:
    require_privileged_containers()
    require_free(spec.api_port, "the gateway", "kaldra:apiPort")
    ensure_network(spec.name)
    forget(spec)
    # The kubeconfig gets its entries last: until then the node does not count as complete.
    with tempfile.TemporaryDirectory() as folder:
        _kind(
            spec,
            *("create", "cluster", "--config", "-", "--kubeconfig", f"{folder}/kubeconfig"),
            stdin=json.dumps(kind_configuration(spec, cgroup=machine().cgroup)).encode(),
            each_line=lambda line: step.update(_plain(line)),
        )
    _finish(spec)


def _finish(spec: ClusterSpec) -> None:
    """Point the node at the registry and the kubeconfig at the node."""
    write_hosts(spec)
    spec.kubeconfig.parent.mkdir(parents=True, exist_ok=True)
    # A kind that was killed leaves its lock behind.
    Path(f"{spec.kubeconfig}.lock").unlink(missing_ok=True)
    _kind(spec, "export", "kubeconfig", "--kubeconfig", str(spec.kubeconfig))


def _resume(spec: ClusterSpec, step: Step) -> None:
    """Start a complete node, and wait for its API server; it is kept if that takes too long."""
    step.update("starting its node")
    try:
        docker_client.start(spec.node)
    except KaldraError as error:
        raise KaldraError(
            f"The node of cluster {spec.name} does not start; it is kept. {error}",
            hint=f"docker logs {spec.node}",
        ) from error
    _finish(spec)
    began = time.monotonic()
    while not is_ready(spec):
        waited = time.monotonic() - began
        step.update(f"waiting for its API server ({waited:.0f} s of {READY_SECONDS:.0f})")
        if waited > READY_SECONDS:
            raise KaldraError(
                f"The API server of cluster {spec.name} is not ready after {READY_SECONDS:.0f} s. "
                "The cluster and everything in it are kept.",
                hint=f"docker logs {spec.node}; run the same command again to wait "
                f"longer, or create the cluster again: {REMOVE} && ./kaldra up",
            )
        time.sleep(0.3)


def is_ready(spec: ClusterSpec) -> bool:
    """Whether the API server that the kubeconfig names is ready."""
    server = api_server(spec)
    return server is not None and server.ready()


def is_complete(spec: ClusterSpec) -> bool:
    """Whether creating the node was completed; true for every node that ever served."""
    content = docker_client.archive(spec.node, REGISTRIES)
    return content is not None and b"/hosts.toml" in content  # a tar holds names as they are


def _remove_nodes(spec: ClusterSpec) -> None:
    for item in docker_client.containers(f"{KIND_LABEL}={spec.name}"):
        docker_client.remove_container(item["Id"])


def require_privileged_containers() -> None:
    """Raise where this host's engine would refuse to start a kind node."""
    missing = machine().missing_capabilities
    if not missing:
        return
    with docker_client.engine() as api:
        runtime = api.info().get("DefaultRuntime")
    if runtime != REDUCED_RUNTIME:
        raise KaldraError(
            f"This host cannot give containers {', '.join(missing)}, so the Docker Engine that "
            "runs cannot start privileged ones, and a kind node is one.",
            hint="Stop that engine and let ./kaldra up start it: it knows how to do without.",
        )


def _kind(
    spec: ClusterSpec,
    *arguments: str,
    stdin: bytes | None = None,
    each_line: Callable[[str], None] | None = None,
) -> None:
    run(
        ["kind", *arguments, "--name", spec.name],
        what=f"kind {arguments[0]} {arguments[1]}",
        env={
            "PATH": os.pathsep.join([str(tools.bin_folder()), variables.PATH.value]),
            "KIND_EXPERIMENTAL_DOCKER_NETWORK": spec.name,
            # The node takes the proxies over; it reaches the registry by this name.
            **environment.without_proxy(spec.registry),
        },
        stdin=stdin,
        each_line=each_line,
        hint="Run the same command again: it creates this cluster again. Where other clusters run: "
        "sudo sysctl fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=524288",
    )


def _plain(line: str) -> str:
    """A line of kind without its bullets and pictures."""
    said = line.encode("ascii", "ignore").decode().strip(" .\t")
    return said.partition(" ...")[0].rstrip()
