"""The gateway's name outside the cluster, with TLS."""

from typing import Any

import pulumi

from kaldra.stack.resources import KubernetesObject
from kaldra.stack.services import Service
from kaldra.stack.settings import Settings
from kaldra.stack.workload import labels


def entrance(
    settings: Settings,
    api: Service,
    namespace: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> None:
    """Declare the ingress."""
    host = settings.ingress_host
    backend = {"service": {"name": api.name, "port": {"name": "http"}}}
    spec: dict[str, Any] = {
        "tls": [{"hosts": [host], "secretName": settings.ingress_tls_secret or f"{api.name}-tls"}],
        "rules": [
            {
                "host": host,
                "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]},
            }
        ],
    }
    if settings.ingress_class:
        spec["ingressClassName"] = settings.ingress_class
    KubernetesObject(
        ("networking.k8s.io/v1", "Ingress"),
        api.name,
        {
            "metadata": {
                "name": api.name,
                "namespace": namespace,
                "labels": labels(api.name),
                "annotations": _annotations(settings),
            },
            "spec": spec,
        },
        opts,
    )


def _annotations(settings: Settings) -> dict[str, str]:
    # Not every controller tells the address it serves an ingress at; whether the gateway answers
    # there is asked over HTTPS.
    own = {"pulumi.com/skipAwait": "true"}
    if settings.ingress_issuer:
        own["cert-manager.io/cluster-issuer"] = settings.ingress_issuer
    return {**own, **settings.ingress_annotations}
