"""Network policies: all traffic is denied except for the flows listed here."""

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s
from pulumi_kubernetes.networking.v1 import (
    IPBlockArgs,
    NetworkPolicy,
    NetworkPolicyEgressRuleArgs,
    NetworkPolicyIngressRuleArgs,
    NetworkPolicyPeerArgs,
    NetworkPolicyPortArgs,
    NetworkPolicySpecArgs,
)

from kaldra.stack import otlp
from kaldra.stack.kubernetes import labels
from kaldra.stack.services import SERVICES, Service
from kaldra.stack.settings import Settings

DNS_PORT = 53

DEFAULT_INGRESS_NAMESPACE = "ingress-nginx"
"""Namespace of the ingress controller where the stack names no other source."""

NODE_LOCAL_DNS = "169.254.20.10/32"
"""Address of NodeLocal DNSCache, which is outside of any pod network."""

Peers = list[NetworkPolicyPeerArgs]


def create(settings: Settings, namespace: pulumi.Input[str], opts: pulumi.ResourceOptions) -> None:
    """Declare one policy per service, and a default-deny policy for everything else."""
    allowed = [
        _policy(
            service.name,
            namespace,
            labels.selector(service.name),
            ingress=_callers(service, settings),
            egress=_called(service, settings),
            opts=opts,
        )
        for service in SERVICES
    ]
    # Last, so that an allowed flow is never cut for a moment.
    after = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=allowed))
    _policy("default-deny", namespace, None, opts=after)


def _callers(service: Service, settings: Settings) -> list[NetworkPolicyIngressRuleArgs]:
    pods = [_pods(caller) for caller in SERVICES if caller.key in service.callers]
    rules = [_from(pods, service.port)] if pods else []
    if service.exposed:
        rules.append(_public(settings, service))
    if settings.scraped:
        rules.append(_from([_namespace(settings.metrics_namespace)], service.metrics_port))
    return rules


def _called(service: Service, settings: Settings) -> list[NetworkPolicyEgressRuleArgs]:
    rules = [
        _to([_pods(other)], _port(other.port)) for other in SERVICES if service.key in other.callers
    ]
    named = bool(rules)
    if settings.otlp_endpoint:
        spans = otlp.destination(settings.otlp_endpoint)
        block = NetworkPolicyPeerArgs(ip_block=IPBlockArgs(cidr=spans.network))
        rules.append(
            _to([_namespace(spans.namespace) if spans.namespace else block], _port(spans.port))
        )
        named = named or bool(spans.namespace)
    return [*rules, _dns()] if named else rules


def _public(settings: Settings, service: Service) -> NetworkPolicyIngressRuleArgs:
    """From the ingress controller; on dev from anywhere.

    Traffic through a node port arrives from the node's, the client's or the Docker network's
    address, depending on the cluster; there the gateway's API keys keep strangers out.
    """
    if settings.target == "dev":
        return NetworkPolicyIngressRuleArgs(ports=[_port(service.port)])
    sources = [
        NetworkPolicyPeerArgs(ip_block=IPBlockArgs(cidr=network))
        for network in settings.ingress.networks
    ]
    # Never an empty list: to Kubernetes that means everyone.
    if settings.ingress.namespace or not sources:
        sources.insert(0, _namespace(settings.ingress.namespace or DEFAULT_INGRESS_NAMESPACE))
    return _from(sources, service.port)


def _dns() -> NetworkPolicyEgressRuleArgs:
    servers = NetworkPolicyPeerArgs(
        namespace_selector=_match({"kubernetes.io/metadata.name": "kube-system"}),
        pod_selector=_match({"k8s-app": "kube-dns"}),
    )
    node_local = NetworkPolicyPeerArgs(ip_block=IPBlockArgs(cidr=NODE_LOCAL_DNS))
    return _to([servers, node_local], _port(DNS_PORT, "UDP"), _port(DNS_PORT))


def _from(sources: Peers, port: int) -> NetworkPolicyIngressRuleArgs:
    return NetworkPolicyIngressRuleArgs(from_=sources, ports=[_port(port)])


def _to(destinations: Peers, *ports: NetworkPolicyPortArgs) -> NetworkPolicyEgressRuleArgs:
    return NetworkPolicyEgressRuleArgs(to=destinations, ports=list(ports))


def _port(number: int, protocol: str = "TCP") -> NetworkPolicyPortArgs:
    return NetworkPolicyPortArgs(port=number, protocol=protocol)


def _pods(service: Service) -> NetworkPolicyPeerArgs:
    return NetworkPolicyPeerArgs(pod_selector=_match(labels.selector(service.name)))


def _namespace(name: str) -> NetworkPolicyPeerArgs:
    return NetworkPolicyPeerArgs(namespace_selector=_match({"kubernetes.io/metadata.name": name}))


def _match(wanted: dict[str, str] | None) -> k8s.meta.v1.LabelSelectorArgs:
    """A label selector; None matches every pod."""
    return k8s.meta.v1.LabelSelectorArgs(match_labels=wanted)


def _policy(
    name: str,
    namespace: pulumi.Input[str],
    pods: dict[str, str] | None,
    *,
    ingress: Sequence[NetworkPolicyIngressRuleArgs] = (),
    egress: Sequence[NetworkPolicyEgressRuleArgs] = (),
    opts: pulumi.ResourceOptions,
) -> NetworkPolicy:
    return NetworkPolicy(
        name,
        metadata=k8s.meta.v1.ObjectMetaArgs(name=name, namespace=namespace, labels=labels.PLATFORM),
        spec=NetworkPolicySpecArgs(
            pod_selector=_match(pods),
            policy_types=["Ingress", "Egress"],
            # API servers do not store empty lists.
            ingress=list(ingress) or None,
            egress=list(egress) or None,
        ),
        opts=opts,
    )
