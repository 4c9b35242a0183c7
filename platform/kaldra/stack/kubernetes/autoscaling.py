"""The number of a service's pods under load, and during evictions."""

import pulumi
import pulumi_kubernetes as k8s

from kaldra.stack.kubernetes import labels
from kaldra.stack.services import ServiceSpec
from kaldra.stack.settings import Settings


def create(
    settings: Settings,
    service: ServiceSpec,
    namespace: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> None:
    """Declare a HorizontalPodAutoscaler and a PodDisruptionBudget."""
    metadata = k8s.meta.v1.ObjectMetaArgs(
        name=service.name, namespace=namespace, labels=labels.of_service(service.name)
    )
    k8s.autoscaling.v2.HorizontalPodAutoscaler(
        service.name,
        metadata=metadata,
        spec=k8s.autoscaling.v2.HorizontalPodAutoscalerSpecArgs(
            scale_target_ref=k8s.autoscaling.v2.CrossVersionObjectReferenceArgs(
                api_version="apps/v1", kind="Deployment", name=service.name
            ),
            min_replicas=service.replicas,
            max_replicas=service.max_replicas,
            metrics=[
                k8s.autoscaling.v2.MetricSpecArgs(
                    type="Resource",
                    resource=k8s.autoscaling.v2.ResourceMetricSourceArgs(
                        name="cpu",
                        target=k8s.autoscaling.v2.MetricTargetArgs(
                            type="Utilization",
                            average_utilization=settings.autoscaling.target_cpu_utilization,
                        ),
                    ),
                )
            ],
        ),
        opts=opts,
    )
    k8s.policy.v1.PodDisruptionBudget(
        service.name,
        metadata=metadata,
        spec=k8s.policy.v1.PodDisruptionBudgetSpecArgs(
            max_unavailable=1,
            selector=k8s.meta.v1.LabelSelectorArgs(match_labels=labels.selector(service.name)),
            # A pod that was never ready must not keep a node from being drained.
            unhealthy_pod_eviction_policy="AlwaysAllow",
        ),
        opts=opts,
    )
