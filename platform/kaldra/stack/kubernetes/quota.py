"""The namespace's quota, and the limits of containers that name none."""

import pulumi
import pulumi_kubernetes as k8s

from kaldra.stack import services
from kaldra.stack.kubernetes import labels
from kaldra.stack.kubernetes.pod import LOG_MEBIBYTES
from kaldra.stack.settings import Settings


def create(
    settings: Settings, namespace: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Declare a ResourceQuota and a LimitRange."""
    metadata = k8s.meta.v1.ObjectMetaArgs(
        name="kaldra", namespace=namespace, labels=labels.PLATFORM
    )
    return [
        k8s.core.v1.ResourceQuota(
            "kaldra",
            metadata=metadata,
            spec=k8s.core.v1.ResourceQuotaSpecArgs(hard=hard_limits(settings)),
            opts=opts,
        ),
        k8s.core.v1.LimitRange(
            "kaldra",
            metadata=metadata,
            spec=k8s.core.v1.LimitRangeSpecArgs(
                limits=[
                    k8s.core.v1.LimitRangeItemArgs(
                        type="Container",
                        default=_amounts(cpu=500, memory=256, disk=128),
                        default_request=_amounts(cpu=50, memory=64, disk=64),
                    )
                ]
            ),
            opts=opts,
        ),
    ]


def hard_limits(settings: Settings) -> dict[str, str]:
    """The quota as configured, or room for the largest number of pods while all are replaced.

    Pods that a release replaces count until they have ended.
    """
    counts = [(s, 2 * s.max_replicas + 1) for s in services.specs(settings)]
    pods = settings.quota.pods or sum(n for _, n in counts)
    cpu = settings.quota.cpu or sum(n * s.resources.cpu_limit for s, n in counts)
    memory = settings.quota.memory or sum(n * s.resources.memory_limit for s, n in counts)
    disk = sum(n * 2 * (s.tmp_mebibytes + LOG_MEBIBYTES) for s, n in counts)
    return {
        "pods": str(pods),
        "limits.cpu": f"{cpu}m",
        "limits.memory": f"{memory}Mi",
        "limits.ephemeral-storage": f"{disk}Mi",
        # Nothing is reachable from outside except through the Ingress.
        "services.nodeports": "0",
        "services.loadbalancers": "0",
    }


def _amounts(*, cpu: int, memory: int, disk: int) -> dict[str, str]:
    return {"cpu": f"{cpu}m", "memory": f"{memory}Mi", "ephemeral-storage": f"{disk}Mi"}
