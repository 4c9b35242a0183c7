"""Who may talk to whom: nobody, except for the flows that exist."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from kaldra.stack.resources import KubernetesObject
from kaldra.stack.services import PART_OF, Service
from kaldra.stack.settings import Settings

DNS_PORT = 53
USUAL_INGRESS = "ingress-nginx"
"""Namespace of the ingress controller where the stack names no other source."""

LOCAL_DNS = "169.254.20.10/32"
"""Address of the cache that many clusters run on each node, outside of any pod network."""

Rule = dict[str, Any]
Peers = Sequence[Mapping[str, Any]]


def policies(
    settings: Settings,
    namespace: pulumi.Input[str],
    services: Mapping[str, Service],
    opts: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    """Declare the namespace's policies; `services` are those of "core" and "api"."""
    core, api = services["core"], services["api"]
    allowed = [
        _policy(
            core.name,
            namespace,
            _pods(core),
            ingress=[_from([{"podSelector": _pods(api)}], core), *_scraping(settings, core)],
            opts=opts,
        ),
        _policy(
            api.name,
            namespace,
            _pods(api),
            ingress=[_entrance(settings, api), *_scraping(settings, api)],
            egress=[_to([{"podSelector": _pods(core)}], core.port), *_dns()],
            opts=opts,
        ),
    ]
    # Last, so that no moment cuts a flow that is allowed.
    after = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=allowed))
    return [*allowed, _policy("default-deny", namespace, {}, opts=after)]


def _entrance(settings: Settings, api: Service) -> Rule:
    """From the ingress controller; on dev from anywhere.

    What comes through a node port has the node's address, or the caller's, or the Docker
    network's, as the cluster pleases; the gateway's keys are what keeps strangers out there.
    """
    if settings.target == "dev":
        return {"ports": _ports(api.port)}
    sources: list[Mapping[str, Any]] = [
        {"ipBlock": {"cidr": network}} for network in settings.ingress_networks
    ]
    # Never an empty list: to Kubernetes that is everybody.
    if settings.ingress_namespace or not sources:
        sources.insert(0, _namespace(settings.ingress_namespace or USUAL_INGRESS))
    return _from(sources, api)


def _scraping(settings: Settings, service: Service) -> list[Rule]:
    if not settings.scraped:
        return []
    return [_from([_namespace(settings.metrics_namespace)], service)]


def _dns() -> list[Rule]:
    ports = [{"port": DNS_PORT, "protocol": protocol} for protocol in ("UDP", "TCP")]
    servers = {**_namespace("kube-system"), "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}
    return [{"to": [servers, {"ipBlock": {"cidr": LOCAL_DNS}}], "ports": ports}]


def _from(sources: Peers, service: Service) -> Rule:
    return {"from": list(sources), "ports": _ports(service.port)}


def _to(destinations: Peers, port: int) -> Rule:
    return {"to": list(destinations), "ports": _ports(port)}


def _ports(port: int) -> list[dict[str, Any]]:
    return [{"port": port, "protocol": "TCP"}]


def _pods(service: Service) -> dict[str, Any]:
    return {"matchLabels": {"app.kubernetes.io/name": service.name}}


def _namespace(name: str) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def _policy(
    name: str,
    namespace: pulumi.Input[str],
    selector: Mapping[str, Any],
    *,
    ingress: Sequence[Rule] = (),
    egress: Sequence[Rule] = (),
    opts: pulumi.ResourceOptions,
) -> KubernetesObject:
    spec: dict[str, Any] = {"podSelector": selector, "policyTypes": ["Ingress", "Egress"]}
    # An empty list and none mean the same; servers keep neither.
    spec |= {"ingress": list(ingress)} if ingress else {}
    spec |= {"egress": list(egress)} if egress else {}
    metadata = {
        "name": name,
        "namespace": namespace,
        "labels": {"app.kubernetes.io/part-of": PART_OF},
    }
    content = {"metadata": metadata, "spec": spec}
    return KubernetesObject(("networking.k8s.io/v1", "NetworkPolicy"), name, content, opts)
