"""How Prometheus finds the pods: by annotations, or by a ServiceMonitor of its operator."""

import pulumi
import pulumi_kubernetes as k8s

from kaldra.stack.kubernetes import labels
from kaldra.stack.services import Service
from kaldra.stack.settings import Settings

PATH = "/metrics"


def annotations(settings: Settings, service: Service) -> dict[str, str]:
    """Annotations of a service's pods."""
    if not settings.scraped or settings.metrics != "annotations":
        return {}
    return {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": str(service.metrics_port),
        "prometheus.io/path": PATH,
    }


def create(settings: Settings, namespace: pulumi.Input[str], opts: pulumi.ResourceOptions) -> None:
    """Declare a ServiceMonitor for all services if `kaldra:metrics` is serviceMonitor."""
    if not settings.scraped or settings.metrics != "serviceMonitor":
        return
    k8s.apiextensions.CustomResource(
        "kaldra",
        api_version="monitoring.coreos.com/v1",
        kind="ServiceMonitor",
        metadata=k8s.meta.v1.ObjectMetaArgs(
            name="kaldra", namespace=namespace, labels=labels.PLATFORM
        ),
        spec={
            "selector": {"matchLabels": labels.PLATFORM},
            "endpoints": [{"port": "metrics", "path": PATH}],
        },
        opts=opts,
    )
