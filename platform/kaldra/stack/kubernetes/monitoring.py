"""What Prometheus and Grafana need: pods to scrape, alerting rules and a dashboard."""

from pathlib import Path

import yaml
from pulumi_kubernetes import apiextensions
from pulumi_kubernetes.core import v1 as core

from kaldra.stack.kubernetes.namespace import PLATFORM, Namespace
from kaldra.stack.services import Service
from kaldra.stack.settings import Settings

PATH = "/metrics"
DATA = Path(__file__).parent / "data"
ALERTS = DATA / "alerts.yaml"
DASHBOARD = DATA / "dashboard.json"
DASHBOARD_LABELS = {"grafana_dashboard": "1"}
"""By which the sidecar of Grafana's chart finds dashboards."""


def annotations(settings: Settings, service: Service) -> dict[str, str] | None:
    """Annotations of a service's pods."""
    if not settings.scraped or settings.metrics != "annotations":
        return None
    return {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": str(service.metrics_port),
        "prometheus.io/path": PATH,
    }


def create(namespace: Namespace) -> None:
    """Declare ServiceMonitor, PrometheusRule and dashboard if `kaldra:metrics` is serviceMonitor.

    The first two are resources of the Prometheus operator.
    """
    if namespace.settings.metrics != "serviceMonitor":
        return
    monitor = {
        "selector": {"matchLabels": PLATFORM},
        "endpoints": [{"port": "metrics", "path": PATH}],
    }
    alerts = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))
    for name, kind, spec in (
        ("kaldra", "ServiceMonitor", monitor),
        ("alerts", "PrometheusRule", alerts),
    ):
        apiextensions.CustomResource(
            name,
            api_version="monitoring.coreos.com/v1",
            kind=kind,
            metadata=namespace.metadata("kaldra"),
            spec=spec,
            opts=namespace.opts,
        )
    core.ConfigMap(
        "dashboard",
        metadata=namespace.metadata(own=PLATFORM | DASHBOARD_LABELS),
        data={"kaldra.json": DASHBOARD.read_text(encoding="utf-8")},
        immutable=True,
        opts=namespace.opts,
    )
