"""What the doctor says of a dev cluster and its registry; changes nothing."""

from collections.abc import Callable
from functools import partial

from kaldra.cluster.kind import examine, outdated_version, require_privileged_containers
from kaldra.cluster.kubeconfig import api_server
from kaldra.cluster.ports import require_free
from kaldra.cluster.registry import is_running
from kaldra.cluster.spec import ClusterSpec
from kaldra.toolchain import docker_client
from kaldra.toolchain.inventory import Finding, guarded
from kaldra.versions import KUBERNETES

UP = "./kaldra up"
Check = Callable[[str, ClusterSpec], Finding]


def collect(spec: ClusterSpec) -> list[Finding]:
    """The node with its API server, and the registry; before they exist the ports they need."""
    registry = f"registry {spec.registry}"
    checks: dict[str, Check] = {f"cluster {spec.name}": _cluster, registry: _registry}
    return [guarded(name, partial(_asked, check, name, spec)) for name, check in checks.items()]


def _asked(check: Check, name: str, spec: ClusterSpec) -> Finding:
    try:
        return check(name, spec)
    except docker_client.UnavailableError:
        return Finding(name, problem="the Docker Engine does not run", fix=UP)


def _cluster(name: str, spec: ClusterSpec) -> Finding:
    condition, node = examine(spec), spec.node
    require_privileged_containers()
    if condition == "absent":
        require_free(spec.api_port, "the gateway", "kaldra:apiPort")
        return Finding(name, where=f"made by {UP}")
    server = api_server(spec)
    if condition != "running" or server is None:
        lost = f"{spec.kubeconfig} does not lead to it"
        problem = lost if condition == "running" else condition
        return Finding(name, where=node, problem=problem, fix=UP, repair="cluster")
    if not server.ready():
        problem = "its API server is not ready"
        return Finding(name, where=node, problem=problem, fix=f"docker logs {node}")
    where = f"{node}, API at {server.url.removeprefix('https://')}"
    if version := outdated_version(spec):
        problem = f"it runs Kubernetes {version}, and {KUBERNETES} is pinned"
        fix = "./kaldra down --all, then ./kaldra up"
        return Finding(name, where=where, problem=problem, fix=fix)
    return Finding(name, where=where)


def _registry(name: str, spec: ClusterSpec) -> Finding:
    if is_running(spec):
        return Finding(name, where=f"localhost:{spec.registry_port}")
    condition = docker_client.condition(docker_client.container(spec.registry))
    if condition in ("paused", "stopped"):
        return Finding(name, problem=condition, fix=UP, repair="cluster")
    require_free(spec.registry_port, "the local registry", "kaldra:registryPort")
    return Finding(name, where=f"made by {UP}")
