"""What a dev cluster is made of, as plain data: names, kind's configuration, registry mirror."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LABEL = "io.kaldra.cluster"
"""Docker label that everything made for a cluster carries, where Docker lets us set one."""
KIND_LABEL = "io.x-k8s.kind.cluster"
"""Docker label that kind gives its nodes."""
NODE_PORT = 30080
"""Port of the gateway's NodePort service inside the cluster."""
REGISTRY_CONTAINER_PORT = 5000


@dataclass(frozen=True)
class ClusterSpec:
    """One dev cluster with its registry."""

    name: str
    api_port: int
    """Port on 127.0.0.1 that leads to the gateway."""
    registry_port: int
    """Port on 127.0.0.1 of the registry; images are named localhost:<registry_port>/…"""
    kubeconfig: Path
    node_image: str
    registry_image: str

    @property
    def node(self) -> str:
        """Name of the container that is the node."""
        return f"{self.name}-control-plane"

    @property
    def registry(self) -> str:
        """Name of the registry's container and of the volume with its storage."""
        return f"{self.name}-registry"

    @property
    def context(self) -> str:
        """Name of the cluster's context in its kubeconfig."""
        return f"kind-{self.name}"


def kind_configuration(spec: ClusterSpec, *, cgroup: int) -> dict[str, Any]:
    """Configuration for `kind create cluster`."""
    return {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "name": spec.name,
        "networking": {"apiServerAddress": "127.0.0.1"},
        "nodes": [
            {
                "role": "control-plane",
                "image": spec.node_image,
                "extraPortMappings": [
                    {
                        "containerPort": NODE_PORT,
                        "hostPort": spec.api_port,
                        "listenAddress": "127.0.0.1",
                        "protocol": "TCP",
                    }
                ],
            }
        ],
        "kubeadmConfigPatches": kubeadm_patches(cgroup),
    }


def kubeadm_patches(cgroup: int) -> list[str]:
    """Patches of kubeadm's configuration; on cgroup v1 the kubelet is configured to start there.

    The API server connects to the pods of an APIService such as metrics-server's: at the Service's
    address, a connection made before kube-proxy knows it leaves the cluster, and is kept.
    """
    patches: list[dict[str, Any]] = [
        {
            "apiVersion": "kubeadm.k8s.io/v1beta3",  # kind's choice up to Kubernetes 1.35
            "kind": "ClusterConfiguration",
            "apiServer": {"extraArgs": {"enable-aggregator-routing": "true"}},
        }
    ]
    if cgroup == 1:
        patches.append({"kind": "KubeletConfiguration", "failCgroupV1": False})
    return [json.dumps(patch) for patch in patches]
