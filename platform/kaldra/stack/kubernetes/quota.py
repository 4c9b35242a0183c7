"""The namespace's quota, and the limits of containers that name none."""

import pulumi
from pulumi_kubernetes.core import v1 as core

from kaldra.stack.kubernetes.namespace import Namespace
from kaldra.stack.kubernetes.pod import amounts, disk_mebibytes
from kaldra.stack.services import SERVICES
from kaldra.stack.settings import Settings


def create(namespace: Namespace) -> list[pulumi.Resource]:
    """Declare a ResourceQuota and a LimitRange."""
    metadata, opts = namespace.metadata("kaldra"), namespace.opts
    of_containers = core.LimitRangeItemArgs(
        type="Container",
        default=amounts(500, memory=256, disk=128),
        default_request=amounts(50, memory=64, disk=64),
    )
    quota = core.ResourceQuotaSpecArgs(hard=_hard_limits(namespace.settings))
    limits = core.LimitRangeSpecArgs(limits=[of_containers])
    return [
        core.ResourceQuota("kaldra", metadata=metadata, spec=quota, opts=opts),
        core.LimitRange("kaldra", metadata=metadata, spec=limits, opts=opts),
    ]


def _hard_limits(settings: Settings) -> dict[str, str]:
    """The quota as configured, or room for the largest number of pods while all are replaced.

    Pods that a release replaces count until they have ended.
    """
    pods = cpu = memory = disk = 0
    for service in SERVICES:
        most = settings.services[service.key]
        count = 2 * most.max_replicas + 1
        pods += count
        cpu += count * most.resources.cpu_limit
        memory += count * most.resources.memory_limit
        disk += count * 2 * disk_mebibytes(service, settings)
    quota = settings.quota
    limits = amounts(quota.cpu or cpu, quota.memory or memory, disk)
    return {
        "pods": str(quota.pods or pods),
        **{f"limits.{kind}": amount for kind, amount in limits.items()},
        # Nothing is reachable from outside except through the Ingress.
        "services.nodeports": "0",
        "services.loadbalancers": "0",
    }
