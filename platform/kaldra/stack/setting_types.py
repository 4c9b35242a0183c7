"""Types of settings: names, keys, credentials, sizes."""

import ipaddress
import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr
from pydantic.alias_generators import to_camel

NAMESPACE = "kaldra"
"""Pulumi configuration namespace: keys are written `kaldra:<key>` in a stack file."""

Target = Literal["local", "dev", "staging"]
Platform = Literal["linux/amd64", "linux/arm64"]
SHORTEST_KEY, LONGEST_KEY = 16, 8192
"""The gateway refuses other keys: app/auth.py."""

_DNS_LABEL = r"[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?"
_DNS_NAME = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*"


def _of_fitting_length(key: SecretStr) -> SecretStr:
    if not SHORTEST_KEY <= len(key) <= LONGEST_KEY:
        raise ValueError(f"a key has {SHORTEST_KEY} to {LONGEST_KEY} characters")
    return key


def _one_network(cidr: str) -> str:
    try:
        return str(ipaddress.ip_network(cidr))
    except ValueError:
        raise ValueError("it is not a network such as 10.0.0.0/8") from None


def _host_with_dots(registry: str) -> str:
    host = registry.partition("/")[0]
    if not re.search(r"[.:]|^localhost$", host):
        raise ValueError(f"{host} is not a registry host; use for example ghcr.io/{registry}")
    return registry


def otlp_destination(url: str) -> tuple[str, int]:
    """What a network policy can name of an OTLP endpoint, and its port.

    That is a Service's namespace, or the network of an IP address, which has a slash. Raises
    ValueError for any other host.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or {"http": 80, "https": 443}[parts.scheme]
    if service := re.fullmatch(r"[a-z0-9-]+\.([a-z0-9-]+)\.svc(\.[a-z0-9.-]+)?", host):
        return service[1], port
    try:
        return str(ipaddress.ip_network(host)), port
    except ValueError:
        raise ValueError(
            f"a network policy cannot name {host}; use a Service in the cluster, such as "
            "http://collector.monitoring.svc:4318, or an IP address"
        ) from None


ApiKey = Annotated[SecretStr, AfterValidator(_of_fitting_length)]
Port = Annotated[int, Field(ge=1, le=65535)]
Replicas = Annotated[int, Field(ge=1, le=100)]
DnsLabel = Annotated[str, Field(pattern=f"^{_DNS_LABEL}$")]
DnsName = Annotated[str, Field(pattern=f"^{_DNS_NAME}$", max_length=253)]
HostName = Annotated[str, Field(pattern=r"^([a-z0-9._-]+|\[[0-9a-f:.]+\])$")]
ImageTag = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$")]
Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Network = Annotated[str, AfterValidator(_one_network)]
StateBackend = Annotated[str, Field(pattern=r"^(file|s3|gs|azblob|https)://\S+$")]
SecretsProvider = Annotated[
    str, Field(pattern=r"^(passphrase$|(awskms|azurekeyvault|gcpkms|hashivault)://\S+$)")
]
Origin = Annotated[str, Field(pattern=r"^https?://[a-z0-9.-]+(:\d+)?$")]
OtlpEndpoint = Annotated[str, Field(pattern=r"^https?://[^/\s@]+(/\S*)?$")]
RegistryAddress = Annotated[
    str,
    Field(pattern=r"^[a-z0-9.-]+(:\d+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$"),
    AfterValidator(_host_with_dots),
]


class Group(BaseModel):
    """Settings that are one object in a stack file; field names are camelCase there."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True
    )


class Credentials(Group):
    """An account of a registry."""

    username: Annotated[str, Field(min_length=1)]
    password: Annotated[SecretStr, Field(min_length=1)]


class Resources(Group):
    """Requests and limits of a container: CPU in millicores, memory in MiB."""

    cpu_request: Annotated[int, Field(ge=1)] = 100
    cpu_limit: Annotated[int, Field(ge=1)] = 1000
    memory_request: Annotated[int, Field(ge=16)] = 128
    memory_limit: Annotated[int, Field(ge=16)] = 512


class ServiceSettings(Group):
    """Settings of one service; resources that a stack does not set are the service's own."""

    replicas: Replicas | None = None
    max_replicas: Replicas = 6
    resources: Resources = Resources()


class Quota(Group):
    """Quota of the namespace."""

    cpu: Annotated[int, Field(ge=1)] | None = None
    """CPU limit of all pods in millicores; default: enough for the largest rollout (staging)"""
    memory: Annotated[int, Field(ge=16)] | None = None
    """Memory limit of all pods in MiB; default: enough for the largest rollout (staging)"""
    pods: Annotated[int, Field(ge=1)] | None = None
    """Number of pods; default: enough for the largest rollout (staging)"""


class Gateway(Group):
    """What the gateway accepts, and from whom."""

    cors_origins: tuple[Origin, ...] = ()
    """Origins of web front ends that may call the gateway (CORS)"""
    allowed_hosts: tuple[HostName, ...] = ()
    """Host names that requests may address, besides 127.0.0.1; /health and /ready accept any;
    default: every name"""
    trusted_proxies: tuple[Network, ...] = ()
    """Networks whose X-Forwarded-For and X-Forwarded-Proto the gateway trusts: the pods or nodes of
    the ingress controller"""
    rate_limit: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    """Requests per minute that one gateway pod accepts from a caller; 0 disables the limit;
    default: the gateway's 100"""
    core_timeout_seconds: Annotated[int, Field(ge=1, le=600)] | None = None
    """Seconds that the gateway waits for a response of the core; default: the gateway's 30"""


class Registry(Group):
    """Registry of the images, and the accounts for it."""

    address: RegistryAddress | None = None
    """Registry and path of the images, such as ghcr.io/4iam/kaldra (staging)"""
    push: Credentials | None = None
    """Account that pushes images: username, password (secret; staging)"""
    pull: Credentials | None = None
    """Account that the cluster pulls images with: username, password (secret; staging)"""


class Autoscaling(Group):
    """The HorizontalPodAutoscalers; `services` has the number of pods."""

    target_cpu_utilization: Annotated[int, Field(ge=10, le=100)] = 70
    """Average CPU utilization to keep, in percent of the request (staging)"""


class Ingress(Group):
    """The gateway's public name, and who may connect to it."""

    host: DnsName | None = None
    """Public host name of the gateway (staging)"""
    class_: DnsName | None = Field(None, alias="class")
    """Ingress class; default: the cluster's default class (staging)"""
    tls_secret: DnsName | None = None
    """Existing TLS secret in the namespace (staging)"""
    issuer: DnsName | None = None
    """ClusterIssuer of cert-manager that issues the TLS secret (staging)"""
    annotations: dict[str, str] = {}
    """Annotations of the ingress, for its controller (staging)"""
    namespace: DnsName | None = None
    """Namespace of the ingress controller, whose pods may connect to the gateway; default:
    ingress-nginx, unless `networks` is set (staging)"""
    networks: tuple[Network, ...] = ()
    """Networks that may connect to the gateway, if the ingress controller runs outside the pod
    network (staging)"""
