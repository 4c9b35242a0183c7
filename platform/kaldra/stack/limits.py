"""What a namespace may use in all, and what a container without limits of its own gets."""

from collections.abc import Sequence
from typing import Any

import pulumi

from kaldra.stack.pods import LOG_MEBIBYTES
from kaldra.stack.resources import KubernetesObject
from kaldra.stack.services import PART_OF, Service
from kaldra.stack.settings import Settings


def limits(
    settings: Settings,
    namespace: pulumi.Input[str],
    largest: Sequence[tuple[Service, int]],
    opts: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    """Declare quota and defaults; `largest` is the highest number of pods of each service."""
    metadata = {
        "name": "kaldra",
        "namespace": namespace,
        "labels": {"app.kubernetes.io/part-of": PART_OF},
    }
    quota = {"metadata": metadata, "spec": {"hard": hard(settings, largest)}}
    defaults = {
        "metadata": metadata,
        "spec": {
            "limits": [
                {
                    "type": "Container",
                    "default": _amounts(cpu=500, memory=256, disk=128),
                    "defaultRequest": _amounts(cpu=50, memory=64, disk=64),
                }
            ]
        },
    }
    return [
        KubernetesObject(("v1", "ResourceQuota"), "kaldra", quota, opts),
        KubernetesObject(("v1", "LimitRange"), "kaldra", defaults, opts),
    ]


def hard(settings: Settings, largest: Sequence[tuple[Service, int]]) -> dict[str, str]:
    """The quota: as given, else room for the largest number of pods and for replacing them all.

    While a release replaces pods, old ones count until they have ended.
    """
    counts = [(service, 2 * most + 1) for service, most in largest]
    pods = settings.quota.pods or sum(n for _, n in counts)
    cpu = settings.quota.cpu or sum(n * s.resources.cpu_limit for s, n in counts)
    memory = settings.quota.memory or sum(n * s.resources.memory_limit for s, n in counts)
    disk = sum(n * 2 * (s.tmp_mebibytes + LOG_MEBIBYTES) for s, n in counts)
    return {
        "pods": str(pods),
        "limits.cpu": f"{cpu}m",
        "limits.memory": f"{memory}Mi",
        "limits.ephemeral-storage": f"{disk}Mi",
        # Nothing is reached from outside but through the ingress.
        "services.nodeports": "0",
        "services.loadbalancers": "0",
    }


def _amounts(*, cpu: int, memory: int, disk: int) -> dict[str, Any]:
    return {"cpu": f"{cpu}m", "memory": f"{memory}Mi", "ephemeral-storage": f"{disk}Mi"}
