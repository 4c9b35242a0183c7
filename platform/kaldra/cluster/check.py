"""What the doctor says of a dev cluster and its registry; changes nothing."""

from kaldra.cluster.kind import examine, outdated_version, require_privileged_containers
from kaldra.cluster.kubeconfig import api_server
from kaldra.cluster.ports import require_free
from kaldra.cluster.registry import is_running
from kaldra.cluster.spec import ClusterSpec, context_name, node_name, registry_name
from kaldra.errors import ConfigurationError, KaldraError
from kaldra.toolchain import docker_client
from kaldra.toolchain.docker_client import UnavailableError
from kaldra.toolchain.findings import Finding
from kaldra.versions import KUBERNETES

UP = "./kaldra up"


def check_cluster(spec: ClusterSpec) -> Finding:
    """The node, its API server, and before they exist the port they need."""
    name = f"cluster {spec.name}"
    try:
        condition = examine(spec)
        require_privileged_containers()
    except UnavailableError:
        return Finding(name, problem="the Docker Engine does not run", fix=UP)
    except KaldraError as error:
        return Finding(name, problem=str(error), fix=error.hint)
    if condition == "absent":
        return _absent(name, spec.api_port, "the gateway", "kaldra:apiPort")
    if condition != "running":
        node = node_name(spec.name)
        return Finding(name, where=node, problem=condition, fix=UP, repair="cluster")
    return _server(spec, name)


def _server(spec: ClusterSpec, name: str) -> Finding:
    node = node_name(spec.name)
    server = api_server(spec.kubeconfig, context_name(spec.name))
    if server is None:
        problem = f"{spec.kubeconfig} does not lead to it"
        return Finding(name, where=node, problem=problem, fix=UP, repair="cluster")
    if not server.ready():
        problem = "its API server is not ready"
        return Finding(name, where=node, problem=problem, fix=f"docker logs {node}")
    where = f"{node}, API at {server.url.removeprefix('https://')}"
    if version := outdated_version(spec.name):
        problem = f"it runs Kubernetes {version}, and {KUBERNETES} is pinned"
        return Finding(
            name, where=where, problem=problem, fix="./kaldra down --all, then ./kaldra up"
        )
    return Finding(name, where=where)


def check_registry(spec: ClusterSpec) -> Finding:
    """The registry, and before it exists the port it needs."""
    name = f"registry {registry_name(spec.name)}"
    try:
        running = is_running(spec)
        condition = docker_client.condition(docker_client.container(registry_name(spec.name)))
    except UnavailableError:
        return Finding(name, problem="the Docker Engine does not run", fix=UP)
    if running:
        return Finding(name, where=f"localhost:{spec.registry_port}")
    if condition in ("paused", "stopped"):
        return Finding(name, problem=condition, fix=UP, repair="cluster")
    return _absent(name, spec.registry_port, "the local registry", "kaldra:registryPort")


def _absent(name: str, port: int, purpose: str, setting: str) -> Finding:
    """Something that is not there yet, and whether the port it needs is free."""
    try:
        require_free(port, purpose, setting)
    except ConfigurationError as error:
        return Finding(name, problem=str(error), fix=error.hint)
    return Finding(name, where="made by ./kaldra up")
