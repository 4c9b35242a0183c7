"""The cluster that plays staging: two nodes, policies enforced, an ingress, a registry."""

import json
from pathlib import Path

import pytest

from kaldra.cluster.network import ensure_network
from kaldra.cluster.spec import ClusterSpec, kind_configuration
from kaldra.toolchain import debian, gobuild
from kaldra.toolchain.machine import machine
from kaldra.toolchain.prepare import Prepared, prepare
from kaldra.toolchain.probe import Route
from tests.e2e.clone import Clone
from tests.e2e.machine import NAME
from tests.e2e.staging.registry import Registry
from tests.fakes.progress import QuietProgress

STAGING = NAME.replace("e2e", "staging")
NODES = (f"{STAGING}-control-plane", f"{STAGING}-worker")
WORKER = NODES[1]
FOLDER = Path(__file__).parent
MANIFESTS = FOLDER / "manifests"
KUBE_ROUTER = gobuild.Build(
    name="kube-router",
    modules=FOLDER / "modules" / "kube-router",
    outputs={"kube-router": "github.com/cloudnativelabs/kube-router/v2/cmd/kube-router"},
    stamps={},
)
DOCKERFILE = """\
FROM {base}
RUN {apt} apt-get install -y --no-install-recommends \\
      iptables ipset iproute2 ethtool kmod procps nginx-light \\
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
COPY --chmod=755 kube-router ingress.py /usr/local/bin/
"""
"""What a cluster needs that is no dev cluster: routes between nodes, policies, a way in."""
IMPORT = "ctr --namespace=k8s.io images import --all-platforms -"


def create(clone: Clone) -> tuple[Registry, str]:
    """Bring up cluster and registry; the clone's kubeconfig gets to know the cluster.

    Returns the registry, and the image that both nodes have without one.
    """
    # The toolchain, used here as a library, works for the clone.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KALDRA_STATE", str(clone.state))
        prepared = prepare("dev", QuietProgress(), assume_yes=True)
        image = _image(prepared)
    ensure_network(STAGING)
    own = clone.root.parent / "own"
    registry = Registry(STAGING, clone.registry_port, own, str(prepared.registry_image))
    registry.start()
    _create_cluster(clone, prepared)
    for node in NODES:
        registry.trust(node)
        load = f"docker save {image} | docker exec --interactive {node} {IMPORT}"
        clone.run("bash", "-euo", "pipefail", "-c", load)
    for name in ("kube-router", "ingress"):
        clone.apply(manifest(name, image))
    kubectl = clone.kubectl
    kubectl("taint", "nodes", NODES[0], "node-role.kubernetes.io/control-plane-")
    kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=120s")
    for what in ("daemonset/kube-router", "deployment/coredns"):
        kubectl("rollout", "status", what, "--namespace=kube-system", "--timeout=180s")
    kubectl("rollout", "status", "deployment/ingress", "--namespace=ingress", "--timeout=120s")
    return registry, image


def manifest(name: str, image: str = "") -> str:
    return (MANIFESTS / f"{name}.yaml").read_text().replace("$IMAGE", image)


def _image(prepared: Prepared) -> str:
    """Reference of the image; built once, kept in the cache of tools."""
    program = gobuild.build(KUBE_ROUTER, QuietProgress()) / "kube-router"
    gobuild.drop_caches()
    # Where the publishers are reached, the base image's own package sources are.
    apt = debian.APT if prepared.route is Route.REGISTRIES else "apt-get update &&"
    dockerfile = DOCKERFILE.format(base=prepared.base_image, apt=apt)
    files = {file.name: file.read_bytes() for file in (program, MANIFESTS / "ingress.py")}
    return debian.ensure("staging-addons", dockerfile, files, QuietProgress())


def _create_cluster(clone: Clone, prepared: Prepared) -> None:
    """A dev cluster with a second node, and with another network than kind's."""
    kubeconfig = clone.state / "kubeconfig"
    images = (str(prepared.node_image), str(prepared.registry_image))
    spec = ClusterSpec(STAGING, clone.api_port, clone.registry_port, kubeconfig, *images)
    configuration = kind_configuration(spec, cgroup=machine().cgroup)
    configuration["networking"]["disableDefaultCNI"] = True
    configuration["nodes"].append({"role": "worker", "image": prepared.node_image})
    for name, node in zip(NODES, configuration["nodes"], strict=True):
        # An empty folder in place of the image's: kube-router brings the configuration.
        networks = clone.root.parent / f"{name}-networks"
        networks.mkdir()
        node["extraMounts"] = [{"hostPath": str(networks), "containerPath": "/etc/cni/net.d"}]
    file = clone.root.parent / "kind.json"
    file.write_text(json.dumps(configuration))
    kind = (str(clone.state / "bin" / "kind"), "create", "cluster", "--config", str(file))
    kubeconfig_option = ("--kubeconfig", str(kubeconfig))
    clone.run(*kind, *kubeconfig_option, KIND_EXPERIMENTAL_DOCKER_NETWORK=STAGING)
