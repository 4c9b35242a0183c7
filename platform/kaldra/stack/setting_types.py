"""Types of settings: names, keys, credentials, sizes."""

import re
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)
from pydantic.alias_generators import to_camel

NAMESPACE = "kaldra"
"""Pulumi configuration namespace: keys are written `kaldra:<key>` in a stack file."""

Target = Literal["local", "dev", "staging"]
Platform = Literal["linux/amd64", "linux/arm64"]
SHORTEST_KEY = 16

_DNS_LABEL = r"[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?"
_DNS_NAME = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*"


def _long_enough(key: SecretStr) -> SecretStr:
    if len(key) < SHORTEST_KEY:
        msg = f"a key needs at least {SHORTEST_KEY} characters"
        raise ValueError(msg)
    return key


def _one_network(cidr: str) -> str:
    import ipaddress  # noqa: PLC0415  rarely used and slow to import

    try:
        return str(ipaddress.ip_network(cidr))
    except ValueError:
        msg = "it is not a network such as 10.0.0.0/8"
        raise ValueError(msg) from None


def _host_with_dots(registry: str) -> str:
    host = registry.partition("/")[0]
    if not re.search(r"[.:]|^localhost$", host):
        msg = f"{host} is not a registry host; use for example ghcr.io/{registry}"
        raise ValueError(msg)
    return registry


ApiKey = Annotated[SecretStr, AfterValidator(_long_enough)]
Port = Annotated[int, Field(ge=1, le=65535)]
Replicas = Annotated[int, Field(ge=1, le=100)]
DnsLabel = Annotated[str, Field(pattern=f"^{_DNS_LABEL}$")]
DnsName = Annotated[str, Field(pattern=f"^{_DNS_NAME}$", max_length=253)]
HostName = Annotated[str, Field(pattern=r"^([a-z0-9._-]+|\[[0-9a-f:.]+\])$")]
ImageTag = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$")]
Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Network = Annotated[str, AfterValidator(_one_network)]
Origin = Annotated[str, Field(pattern=r"^https?://[a-z0-9.-]+(:\d+)?$")]
OtlpEndpoint = Annotated[str, Field(pattern=r"^https?://[^/\s@]+(/\S*)?$")]
Registry = Annotated[
    str,
    Field(pattern=r"^[a-z0-9.-]+(:\d+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$"),
    AfterValidator(_host_with_dots),
]


class Group(BaseModel):
    """Grouped settings: one object in a stack file."""

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

    @model_validator(mode="after")
    def _asks_for_no_more_than_it_may_use(self) -> Self:
        for kind in ("cpu", "memory"):
            if getattr(self, f"{kind}_request") > getattr(self, f"{kind}_limit"):
                msg = f"{kind}Request is above {kind}Limit"
                raise ValueError(msg)
        return self


class GivenResources(Group):
    """A stack file's resources of a container; unset values come from the service."""

    cpu_request: int | None = None
    cpu_limit: int | None = None
    memory_request: int | None = None
    memory_limit: int | None = None


class ServiceSettings(Group):
    """A stack file's settings of one service."""

    replicas: Replicas | None = None
    max_replicas: Replicas = 6
    resources: GivenResources = GivenResources()

    def resources_over(self, defaults: Resources) -> Resources:
        """Resources of the service in this stack; ValidationError if they contradict."""
        given = self.resources.model_dump(exclude_none=True)
        return Resources.model_validate(defaults.model_dump() | given)


class Quota(Group):
    """Quota of the namespace: CPU in millicores, memory in MiB."""

    cpu: Annotated[int, Field(ge=1)] | None = None
    memory: Annotated[int, Field(ge=16)] | None = None
    pods: Annotated[int, Field(ge=1)] | None = None
