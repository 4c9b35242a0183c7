"""The number of a service's pods under load, and during evictions."""

from pulumi_kubernetes.autoscaling import v2 as autoscaling
from pulumi_kubernetes.policy import v1 as policy

from kaldra.stack.kubernetes.namespace import Namespace, labels, selector
from kaldra.stack.services import Service


def create(namespace: Namespace, service: Service) -> None:
    """Declare a HorizontalPodAutoscaler and a PodDisruptionBudget."""
    settings, name = namespace.settings, service.name
    metadata = namespace.metadata(name, labels(service))
    target = autoscaling.MetricTargetArgs(
        type="Utilization", average_utilization=settings.autoscaling.target_cpu_utilization
    )
    cpu = autoscaling.ResourceMetricSourceArgs(name="cpu", target=target)
    autoscaling.HorizontalPodAutoscaler(
        name,
        metadata=metadata,
        spec=autoscaling.HorizontalPodAutoscalerSpecArgs(
            scale_target_ref=autoscaling.CrossVersionObjectReferenceArgs(
                api_version="apps/v1", kind="Deployment", name=name
            ),
            min_replicas=settings.replicas_of(service.key),
            max_replicas=settings.services[service.key].max_replicas,
            metrics=[autoscaling.MetricSpecArgs(type="Resource", resource=cpu)],
        ),
        opts=namespace.opts,
    )
    policy.PodDisruptionBudget(
        name,
        metadata=metadata,
        spec=policy.PodDisruptionBudgetSpecArgs(
            max_unavailable=1,
            selector=selector(service),
            # A pod that was never ready must not keep a node from being drained.
            unhealthy_pod_eviction_policy="AlwaysAllow",
        ),
        opts=namespace.opts,
    )
