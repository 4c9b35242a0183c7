import json
from pathlib import Path

from kaldra.cluster.spec import ClusterSpec, kind_configuration

SPEC = ClusterSpec("demo", 8000, 5001, Path("kubeconfig"), "node:1", "registry:1")


def test_the_gateway_and_the_api_server_listen_on_the_loopback_only():
    configuration = kind_configuration(SPEC, cgroup=2)
    assert configuration["networking"]["apiServerAddress"] == "127.0.0.1"
    (node,) = configuration["nodes"]
    assert node["image"] == "node:1"
    assert node["extraPortMappings"] == [
        {
            "containerPort": 30080,
            "hostPort": 8000,
            "listenAddress": "127.0.0.1",
            "protocol": "TCP",
        }
    ]


def test_the_kubelet_is_told_to_accept_cgroup_v1_where_it_must():
    *others, patch = kind_configuration(SPEC, cgroup=1)["kubeadmConfigPatches"]
    assert json.loads(patch) == {"kind": "KubeletConfiguration", "failCgroupV1": False}
    assert kind_configuration(SPEC, cgroup=2)["kubeadmConfigPatches"] == others
