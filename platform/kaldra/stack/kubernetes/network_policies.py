"""Network policies: all traffic is denied except for the flows listed here."""

import pulumi
from pulumi_kubernetes.meta import v1 as meta
from pulumi_kubernetes.networking.v1 import (
    IPBlockArgs,
    NetworkPolicy,
    NetworkPolicyEgressRuleArgs,
    NetworkPolicyIngressRuleArgs,
    NetworkPolicyPeerArgs,
    NetworkPolicyPortArgs,
    NetworkPolicySpecArgs,
)

from kaldra.stack.kubernetes.namespace import Namespace, selector
from kaldra.stack.services import SERVICES, Service
from kaldra.stack.setting_types import otlp_destination
from kaldra.stack.settings import Settings

DNS_PORT = 53

DEFAULT_INGRESS_NAMESPACE = "ingress-nginx"
"""Namespace of the ingress controller where the stack names no other source."""

NODE_LOCAL_DNS = "169.254.20.10/32"
"""Address of NodeLocal DNSCache, which is outside of any pod network."""


def create(namespace: Namespace) -> None:
    """Declare one policy per service, and a default-deny policy for everything else."""
    settings, opts = namespace.settings, namespace.opts
    allowed = []
    for service in SERVICES:
        # API servers do not store empty lists.
        spec = NetworkPolicySpecArgs(
            pod_selector=selector(service),
            policy_types=["Ingress", "Egress"],
            ingress=_callers(service, settings) or None,
            egress=_called(service, settings) or None,
        )
        metadata = namespace.metadata(service.name)
        allowed.append(NetworkPolicy(service.name, metadata=metadata, spec=spec, opts=opts))
    # Last, so that an allowed flow is never cut for a moment.
    after = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=allowed))
    everything = NetworkPolicySpecArgs(
        pod_selector=meta.LabelSelectorArgs(), policy_types=["Ingress", "Egress"]
    )
    metadata = namespace.metadata("default-deny")
    NetworkPolicy("default-deny", metadata=metadata, spec=everything, opts=after)


def _callers(service: Service, settings: Settings) -> list[NetworkPolicyIngressRuleArgs]:
    pods = [_pods(caller) for caller in SERVICES if caller.key in service.callers]
    rules = [_from(pods, service.port)] if pods else []
    if service.exposed:
        rules.append(_public(settings, service))
    if settings.scraped:
        rules.append(_from([_namespace(settings.metrics_namespace)], service.metrics_port))
    return rules


def _called(service: Service, settings: Settings) -> list[NetworkPolicyEgressRuleArgs]:
    others = [other for other in SERVICES if service.key in other.callers]
    rules = [_to([_pods(other)], _port(other.port)) for other in others]
    named = bool(rules)
    if settings.otlp_endpoint:
        place, port = otlp_destination(settings.otlp_endpoint)
        in_cluster = "/" not in place
        rules.append(_to([_namespace(place) if in_cluster else _network(place)], _port(port)))
        named = named or in_cluster
    if named:
        dns = _namespace("kube-system")
        dns.pod_selector = _match({"k8s-app": "kube-dns"})
        ports = _port(DNS_PORT, "UDP"), _port(DNS_PORT)
        rules.append(_to([dns, _network(NODE_LOCAL_DNS)], *ports))
    return rules


def _public(settings: Settings, service: Service) -> NetworkPolicyIngressRuleArgs:
    """From the ingress controller; on dev from anywhere.

    Traffic through a node port arrives from the node's, the client's or the Docker network's
    address, depending on the cluster; there the gateway's API keys keep strangers out.
    """
    if settings.target == "dev":
        return NetworkPolicyIngressRuleArgs(ports=[_port(service.port)])
    sources = [_network(network) for network in settings.ingress.networks]
    # Never an empty list: to Kubernetes that means everyone.
    if settings.ingress.namespace or not sources:
        sources.insert(0, _namespace(settings.ingress.namespace or DEFAULT_INGRESS_NAMESPACE))
    return _from(sources, service.port)


def _from(sources: list[NetworkPolicyPeerArgs], port: int) -> NetworkPolicyIngressRuleArgs:
    return NetworkPolicyIngressRuleArgs(from_=sources, ports=[_port(port)])


def _to(
    destinations: list[NetworkPolicyPeerArgs], *ports: NetworkPolicyPortArgs
) -> NetworkPolicyEgressRuleArgs:
    return NetworkPolicyEgressRuleArgs(to=destinations, ports=list(ports))


def _port(number: int, protocol: str = "TCP") -> NetworkPolicyPortArgs:
    return NetworkPolicyPortArgs(port=number, protocol=protocol)


def _pods(service: Service) -> NetworkPolicyPeerArgs:
    return NetworkPolicyPeerArgs(pod_selector=selector(service))


def _namespace(name: str) -> NetworkPolicyPeerArgs:
    return NetworkPolicyPeerArgs(namespace_selector=_match({"kubernetes.io/metadata.name": name}))


def _network(cidr: str) -> NetworkPolicyPeerArgs:
    return NetworkPolicyPeerArgs(ip_block=IPBlockArgs(cidr=cidr))


def _match(labels: dict[str, str]) -> meta.LabelSelectorArgs:
    return meta.LabelSelectorArgs(match_labels=labels)
