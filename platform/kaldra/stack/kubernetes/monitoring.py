"""What Prometheus and Grafana need: pods to scrape, alerting rules and a dashboard."""

from pathlib import Path

import pulumi
import pulumi_kubernetes as k8s
import yaml

from kaldra.stack.kubernetes import labels
from kaldra.stack.services import Service
from kaldra.stack.settings import Settings

PATH = "/metrics"
DATA = Path(__file__).parent / "data"
ALERTS = DATA / "alerts.yaml"
DASHBOARD = DATA / "dashboard.json"
DASHBOARD_LABELS = {"grafana_dashboard": "1"}
"""By which the sidecar of Grafana's chart finds dashboards."""


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
    """Declare ServiceMonitor, PrometheusRule and dashboard if `kaldra:metrics` is serviceMonitor.

    The first two are resources of the Prometheus operator.
    """
    if not settings.scraped or settings.metrics != "serviceMonitor":
        return
    metadata = k8s.meta.v1.ObjectMetaArgs(
        name="kaldra", namespace=namespace, labels=labels.PLATFORM
    )
    monitor = {
        "selector": {"matchLabels": labels.PLATFORM},
        "endpoints": [{"port": "metrics", "path": PATH}],
    }
    alerts = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))
    for name, kind, spec in (
        ("kaldra", "ServiceMonitor", monitor),
        ("alerts", "PrometheusRule", alerts),
    ):
        k8s.apiextensions.CustomResource(
            name,
            api_version="monitoring.coreos.com/v1",
            kind=kind,
            metadata=metadata,
            spec=spec,
            opts=opts,
        )
    k8s.core.v1.ConfigMap(
        "dashboard",
        metadata=k8s.meta.v1.ObjectMetaArgs(
            namespace=namespace, labels={**labels.PLATFORM, **DASHBOARD_LABELS}
        ),
        data={"kaldra.json": DASHBOARD.read_text(encoding="utf-8")},
        immutable=True,
        opts=opts,
    )
