"""The cluster that plays staging: two nodes, policies enforced, an ingress, a registry."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kaldra.cluster.network import ensure_network
from kaldra.cluster.spec import kubeadm_patches
from kaldra.toolchain.machine import machine
from kaldra.toolchain.prepare import Prepared, prepare
from tests.conftest import unused_port
from tests.e2e.clone import Clone
from tests.e2e.machine import NAME
from tests.e2e.staging import addons
from tests.e2e.staging.registry import ENGINE_TRUST, Registry
from tests.fakes.progress import QuietProgress

STAGING = NAME.replace("e2e", "staging")
NODES = (f"{STAGING}-control-plane", f"{STAGING}-worker")
WORKER = NODES[1]
INGRESS_NODE_PORT = 30443


@dataclass(frozen=True)
class Infrastructure:
    """A cluster that runs, and what belongs to it."""

    registry: Registry
    ingress_port: int
    """Port on 127.0.0.1 that leads to the ingress."""
    images: Prepared


def create(clone: Clone, folder: Path) -> Infrastructure:
    """Bring up cluster and registry; the clone's kubeconfig gets to know the cluster."""
    with _state_of(clone):
        prepared = prepare("dev", QuietProgress(), assume_yes=True)
        image = addons.ensure_image(prepared, QuietProgress())
    ensure_network(STAGING)
    ingress_port, registry_port = unused_port(), unused_port()
    registry = Registry.start(STAGING, registry_port, folder / "own", prepared)
    _create_cluster(clone, prepared, ingress_port, folder)
    for node in NODES:
        registry.trust(node)
    addons.load(image, list(NODES))
    kubectl = clone.kubectl
    for name in ("kube-router", "ingress"):
        clone.apply(addons.manifest(name, image))
    kubectl("taint", "nodes", NODES[0], "node-role.kubernetes.io/control-plane-")
    kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=120s")
    for what in ("daemonset/kube-router", "deployment/coredns"):
        kubectl("rollout", "status", what, "--namespace=kube-system", "--timeout=180s")
    kubectl("rollout", "status", "deployment/ingress", "--namespace=ingress", "--timeout=120s")
    return Infrastructure(registry, ingress_port, prepared)


def _create_cluster(clone: Clone, prepared: Prepared, ingress_port: int, folder: Path) -> None:
    entrance = {
        "containerPort": INGRESS_NODE_PORT,
        "hostPort": ingress_port,
        "listenAddress": "127.0.0.1",
        "protocol": "TCP",
    }
    nodes: list[dict[str, object]] = []
    for name, role in zip(NODES, ("control-plane", "worker"), strict=True):
        # An empty folder in place of the image's: kube-router brings the configuration.
        networks = folder / f"{name}-networks"
        networks.mkdir()
        mount = {"hostPath": str(networks), "containerPath": "/etc/cni/net.d"}
        nodes.append({"role": role, "image": prepared.node_image, "extraMounts": [mount]})
    nodes[0]["extraPortMappings"] = [entrance]
    configuration: dict[str, object] = {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "name": STAGING,
        "networking": {"apiServerAddress": "127.0.0.1", "disableDefaultCNI": True},
        "nodes": nodes,
        "kubeadmConfigPatches": kubeadm_patches(machine().cgroup),
    }
    kubeconfig = clone.state / "kubeconfig"
    command = ("create", "cluster", "--config", "-", "--kubeconfig", str(kubeconfig))
    done = subprocess.run(
        (str(clone.state / "bin" / "kind"), *command),
        input=json.dumps(configuration),
        env={**clone.environment, "KIND_EXPERIMENTAL_DOCKER_NETWORK": STAGING},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def forget_trust(registry: Registry) -> None:
    """The engine's trust in an authority that is gone."""
    for file in registry.trusted_here.glob("*"):
        file.unlink()
    if registry.trusted_here.is_dir():
        registry.trusted_here.rmdir()
    if ENGINE_TRUST.is_dir() and not any(ENGINE_TRUST.iterdir()):
        ENGINE_TRUST.rmdir()


@contextmanager
def _state_of(clone: Clone) -> Iterator[None]:
    """Let the toolchain, used here as a library, work for the clone."""
    before = os.environ.get("KALDRA_STATE")
    os.environ["KALDRA_STATE"] = str(clone.state)
    try:
        yield
    finally:
        if before is None:
            del os.environ["KALDRA_STATE"]
        else:
            os.environ["KALDRA_STATE"] = before
