"""How Prometheus finds the pods: by their annotations, or by its operator's own objects."""

import pulumi

from kaldra.stack.resources import KubernetesObject
from kaldra.stack.services import PART_OF, Service
from kaldra.stack.settings import Settings

PATH = "/metrics"


def annotations(settings: Settings, service: Service) -> dict[str, str]:
    """Annotations of a service's pods."""
    if not settings.scraped or settings.metrics != "annotations":
        return {}
    return {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": str(service.port),
        "prometheus.io/path": PATH,
    }


def monitor(settings: Settings, namespace: pulumi.Input[str], opts: pulumi.ResourceOptions) -> None:
    """Declare a ServiceMonitor of both services, where the stack asks for one."""
    if not settings.scraped or settings.metrics != "serviceMonitor":
        return
    labels = {"app.kubernetes.io/part-of": PART_OF}
    KubernetesObject(
        ("monitoring.coreos.com/v1", "ServiceMonitor"),
        "kaldra",
        {
            "metadata": {"name": "kaldra", "namespace": namespace, "labels": labels},
            "spec": {
                "selector": {"matchLabels": labels},
                "endpoints": [{"port": "http", "path": PATH}],
            },
        },
        opts,
    )
