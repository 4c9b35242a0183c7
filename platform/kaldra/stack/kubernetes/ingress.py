"""The gateway's public name, with TLS."""

import pulumi
import pulumi_kubernetes as k8s

from kaldra.stack.kubernetes import labels
from kaldra.stack.services import API
from kaldra.stack.settings import Settings


def create(settings: Settings, namespace: pulumi.Input[str], opts: pulumi.ResourceOptions) -> None:
    """Declare the Ingress."""
    host = settings.ingress_host or ""  # always set: see staging_checks
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
            ingress_class_name=settings.ingress_class,
            tls=[
                k8s.networking.v1.IngressTLSArgs(
                    hosts=[host], secret_name=settings.ingress_tls_secret or f"{API.name}-tls"
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
    # Not every controller reports the address it serves an Ingress at; `up` asks the gateway
    # over HTTPS instead.
    own = {"pulumi.com/skipAwait": "true"}
    if settings.ingress_issuer:
        own["cert-manager.io/cluster-issuer"] = settings.ingress_issuer
    return {**own, **settings.ingress_annotations}
