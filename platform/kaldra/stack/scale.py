"""How many pods of a service there are: as many as its load needs, never fewer than promised."""

from typing import Any

import pulumi

from kaldra.stack.resources import KubernetesObject
from kaldra.stack.settings import Settings
from kaldra.stack.workload import labels


def scale(
    name: str,
    bounds: tuple[int, int],
    settings: Settings,
    namespace: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> None:
    """Declare a service's autoscaler between `bounds`, and what an eviction must leave."""
    metadata = {"name": name, "namespace": namespace, "labels": labels(name)}
    autoscaler = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
        "minReplicas": bounds[0],
        "maxReplicas": bounds[1],
        "metrics": [_cpu(settings.cpu_target)],
    }
    budget = {
        "maxUnavailable": 1,
        "selector": {"matchLabels": {"app.kubernetes.io/name": name}},
        # A pod that never served is no reason to keep a node from being drained.
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
    }
    KubernetesObject(
        ("autoscaling/v2", "HorizontalPodAutoscaler"),
        name,
        {"metadata": metadata, "spec": autoscaler},
        opts,
    )
    KubernetesObject(
        ("policy/v1", "PodDisruptionBudget"), name, {"metadata": metadata, "spec": budget}, opts
    )


def _cpu(percent: int) -> dict[str, Any]:
    target = {"type": "Utilization", "averageUtilization": percent}
    return {"type": "Resource", "resource": {"name": "cpu", "target": target}}
