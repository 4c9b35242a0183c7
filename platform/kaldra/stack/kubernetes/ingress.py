"""The gateway's public name, with TLS and the gateway's limits."""

from pulumi_kubernetes.networking import v1 as networking

from kaldra.stack.kubernetes.namespace import Namespace, labels
from kaldra.stack.services import API
from kaldra.stack.settings import Settings

NGINX = "nginx.ingress.kubernetes.io"
BODY_MEBIBYTES = 8
"""The gateway's own limit (KALDRA_MAX_BATCH_BYTES); ingress-nginx refuses more than 1 MiB."""

CORE_TIMEOUT_SECONDS = 30
"""The gateway's own, where the stack names none."""

MARGIN_SECONDS = 5
"""How much later than the gateway the ingress gives up, so that the caller gets its answer."""


def create(namespace: Namespace) -> None:
    """Declare the Ingress."""
    ingress = namespace.settings.ingress
    host = ingress.host or ""  # always set: see staging_checks
    port = networking.ServiceBackendPortArgs(name="http")
    gateway = networking.IngressServiceBackendArgs(name=API.name, port=port)
    path = networking.HTTPIngressPathArgs(
        path="/", path_type="Prefix", backend=networking.IngressBackendArgs(service=gateway)
    )
    rule = networking.IngressRuleArgs(
        host=host, http=networking.HTTPIngressRuleValueArgs(paths=[path])
    )
    tls = networking.IngressTLSArgs(
        hosts=[host], secret_name=ingress.tls_secret or f"{API.name}-tls"
    )
    metadata = namespace.metadata(API.name, labels(API))
    metadata.annotations = _annotations(namespace.settings)
    networking.Ingress(
        API.name,
        metadata=metadata,
        spec=networking.IngressSpecArgs(ingress_class_name=ingress.class_, tls=[tls], rules=[rule]),
        opts=namespace.opts,
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
