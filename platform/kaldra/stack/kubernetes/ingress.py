"""The gateway's public name, with TLS and the gateway's limits."""

import pulumi
import pulumi_kubernetes as k8s

from kaldra.stack.kubernetes import labels
from kaldra.stack.services import API
from kaldra.stack.settings import Settings

NGINX = "nginx.ingress.kubernetes.io"
BODY_MEBIBYTES = 8
"""The gateway's own limit (KALDRA_MAX_BATCH_BYTES); ingress-nginx refuses more than 1 MiB."""

CORE_TIMEOUT_SECONDS = 30
"""The gateway's own, where the stack names none."""

MARGIN_SECONDS = 5
"""How much later than the gateway the ingress gives up, so that the caller gets its answer."""


def create(settings: Settings, namespace: pulumi.Input[str], opts: pulumi.ResourceOptions) -> None:
    """Declare the Ingress."""
    host = settings.ingress.host or ""  # always set: see staging_checks
    path = k8s.networking.v1.HTTPIngressPathArgs(
        path="/",
        path_type="Prefix",
        backend=k8s.networking.v1.IngressBackendArgs(
            service=k8s.networking.v1.IngressServiceBackendArgs(
                name=API.name, port=k8s.networking.v1.ServiceBackendPortArgs(name="http")
            )
        ),
    )
    k8s.networking.v1.Ingress(
        API.name,
        metadata=k8s.meta.v1.ObjectMetaArgs(
            name=API.name,
            namespace=namespace,
            labels=labels.of_service(API.name),
            annotations=_annotations(settings),
        ),
        spec=k8s.networking.v1.IngressSpecArgs(
            ingress_class_name=settings.ingress.class_,
            tls=[
                k8s.networking.v1.IngressTLSArgs(
                    hosts=[host], secret_name=settings.ingress.tls_secret or f"{API.name}-tls"
                )
            ],
            rules=[
                k8s.networking.v1.IngressRuleArgs(
                    host=host, http=k8s.networking.v1.HTTPIngressRuleValueArgs(paths=[path])
                )
            ],
        ),
        opts=opts,
    )


def _annotations(settings: Settings) -> dict[str, str]:
    """The stack's annotations over our own, with limits that only ingress-nginx reads.

    Headers and slow clients are limited in the controller's ConfigMap alone, for all its hosts.
    """
    seconds = (settings.gateway.core_timeout_seconds or CORE_TIMEOUT_SECONDS) + MARGIN_SECONDS
    limits = {
        "proxy-body-size": f"{BODY_MEBIBYTES}m",
        "proxy-connect-timeout": str(MARGIN_SECONDS),
        "proxy-read-timeout": str(seconds),
        "proxy-send-timeout": str(seconds),
    }
    # Not every controller reports the address it serves an Ingress at; `up` asks the gateway
    # over HTTPS instead.
    own = {"pulumi.com/skipAwait": "true"} | {f"{NGINX}/{n}": v for n, v in limits.items()}
    if settings.ingress.issuer:
        own["cert-manager.io/cluster-issuer"] = settings.ingress.issuer
    return own | settings.ingress.annotations
