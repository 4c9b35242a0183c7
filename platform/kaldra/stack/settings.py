"""Typed settings of a stack: Pulumi configuration, checked before anything is declared."""

import json
import platform as host
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel

from kaldra.paths import REPO, state
from kaldra.stack import config_errors, staging_checks
from kaldra.stack.services import KEYS, SERVICES
from kaldra.stack.setting_types import (
    NAMESPACE,
    ApiKey,
    Credentials,
    Digest,
    DnsLabel,
    DnsName,
    HostName,
    ImageTag,
    Network,
    Origin,
    Platform,
    Port,
    Quota,
    Registry,
    ServiceSettings,
    Target,
)
from kaldra.versions import PRODUCT

__all__ = ["NAMESPACE", "VERSION", "Settings", "settings_of_stack_file"]

VERSION = PRODUCT
"""Version of all services, as they report it."""


def _known(key: str) -> str:
    if key not in KEYS:
        msg = f"unknown service {key}; choose from {', '.join(KEYS)}"
        raise ValueError(msg)
    return key


ServiceKey = Annotated[str, AfterValidator(_known)]


def host_platform() -> Platform:
    """Platform of the images that this machine runs without emulation."""
    arm = host.machine().lower() in ("arm64", "aarch64")
    return "linux/arm64" if arm else "linux/amd64"


class Settings(BaseModel):
    """One stack's settings. Field names are camelCase in stack files."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True
    )

    target: Target = Field(
        description="What runs the services: local (Docker), dev (a kind cluster) "
        "or staging (any cluster)"
    )
    environment: str = Field("dev", min_length=1, description="Value of ENV in all services")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="KALDRA_LOG_LEVEL of all services"
    )
    cors_origins: tuple[Origin, ...] = Field(
        (), description="Origins of web front ends that may call the gateway (CORS)"
    )
    allowed_hosts: tuple[HostName, ...] = Field(
        (),
        description="Names in the Host header that the gateway answers to, beside 127.0.0.1; "
        "/health and /ready answer to any; every name where none is given",
    )
    trusted_proxies: tuple[Network, ...] = Field(
        (),
        description="Networks whose X-Forwarded-For and X-Forwarded-Proto the gateway believes: "
        "the ingress controller's pods or nodes",
    )
    rate_limit: Annotated[int, Field(ge=0, le=1_000_000)] | None = Field(
        None,
        description="Requests per minute that one gateway pod admits from a caller; 0 disables the "
        "limit; default: the gateway's 100",
    )
    core_timeout_seconds: Annotated[int, Field(ge=1, le=600)] | None = Field(
        None,
        description="Seconds that the gateway waits for a response of the core; default: the "
        "gateway's 30",
    )
    namespace: DnsLabel = Field(
        "kaldra",
        description="Kubernetes namespace (dev, staging), or Docker network and name prefix "
        "(local)",
    )
    cluster_name: DnsLabel = Field("kaldra-dev", description="Name of the kind cluster (dev)")
    kubeconfig: str | None = Field(
        None,
        description="Path of the kubeconfig; default: the clone's own file on dev, the files of "
        "KUBECONFIG or ~/.kube/config on staging",
    )
    kube_context: str | None = Field(
        None,
        description="Context in the kubeconfig; default on dev: kind-<clusterName>",
    )
    api_port: Port = Field(8000, description="Port on 127.0.0.1 of the gateway (local, dev)")
    registry_port: Port = Field(5001, description="Port on 127.0.0.1 of the dev registry")
    image_registry: Registry | None = Field(
        None, description="Registry of the images, such as ghcr.io/4iam/kaldra (staging)"
    )
    registry_push: Credentials | None = Field(
        None, description="Push account: username, password (secret; staging)"
    )
    registry_pull: Credentials | None = Field(
        None,
        description="Pull account of the cluster: username, password (secret; staging)",
    )
    image_tag: ImageTag | None = Field(
        None, description=f"Tag of the images; default: dev on dev, v{VERSION} on staging"
    )
    image_digests: dict[ServiceKey, Digest] | None = Field(
        None,
        description="Digests of existing images by service; if set, nothing is built",
    )
    image_platform: Platform = Field(
        default_factory=host_platform, description="Platform of the images"
    )
    services: dict[ServiceKey, ServiceSettings] = Field(
        {},
        description="Per service (core, api): replicas (default 1; on staging the minimum, 2), "
        "maxReplicas (6; staging), resources (cpuRequest, cpuLimit in millicores; memoryRequest, "
        "memoryLimit in MiB)",
    )
    cpu_target: Annotated[int, Field(ge=10, le=100)] = Field(
        70,
        description="Target CPU utilization of the autoscaler, in percent of the request (staging)",
    )
    quota: Quota = Field(
        Quota(),
        description="Quota of the namespace: cpu (millicores), memory (MiB), pods; default: enough "
        "for the largest rollout (staging)",
    )
    ingress_host: DnsName | None = Field(
        None, description="Public host name of the gateway (staging)"
    )
    ingress_class: DnsName | None = Field(
        None, description="Ingress class; default: the cluster's default class (staging)"
    )
    ingress_tls_secret: DnsName | None = Field(
        None, description="Existing TLS secret in the namespace (staging)"
    )
    ingress_issuer: DnsName | None = Field(
        None, description="ClusterIssuer of cert-manager that issues the TLS secret (staging)"
    )
    ingress_annotations: dict[str, str] = Field(
        {}, description="Annotations of the ingress, for its controller (staging)"
    )
    ingress_namespace: DnsName | None = Field(
        None,
        description="Namespace of the ingress controller, whose pods may connect to the gateway; "
        "default: ingress-nginx, unless ingressNetworks is set (staging)",
    )
    ingress_networks: tuple[Network, ...] = Field(
        (),
        description="Networks that may connect to the gateway, if the ingress controller runs "
        "outside the pod network (staging)",
    )
    metrics: Literal["annotations", "serviceMonitor", "off"] = Field(
        "annotations", description="How Prometheus discovers the pods (staging)"
    )
    metrics_namespace: DnsName = Field(
        "monitoring", description="Namespace whose pods may read /metrics (staging)"
    )
    api_keys: dict[DnsLabel, ApiKey] | None = Field(
        None,
        description="API keys by caller name (secret); default on local and dev: one generated key",
    )
    state_backend: Annotated[str, Field(pattern=r"^(file|s3|gs|azblob|https)://\S+$")] | None = (
        Field(None, description="URL of the Pulumi backend; default: this clone's own folder")
    )
    secrets_provider: (
        Annotated[
            str, Field(pattern=r"^(passphrase$|(awskms|azurekeyvault|gcpkms|hashivault)://\S+$)")
        ]
        | None
    ) = Field(
        None,
        description="Key management service that encrypts the stack's secrets, or `passphrase` for "
        "your own passphrase on dev and local",
    )
    live: bool | None = Field(
        None,
        description="Whether `./kaldra dev` may replace the code of running containers; true, and "
        "refused on staging",
    )
    rollout_timeout_seconds: Annotated[int, Field(ge=10, le=3600)] = Field(
        120, description="Timeout of a rollout in seconds"
    )

    @model_validator(mode="after")
    def _one_port_each(self) -> Self:
        if self.target == "dev" and self.api_port == self.registry_port:
            msg = f"apiPort and registryPort are both {self.api_port}; give each its own port"
            raise ValueError(msg)
        return self

    @field_validator("services")
    @classmethod
    def _resources_fit(cls, given: dict[str, ServiceSettings]) -> dict[str, ServiceSettings]:
        for service in SERVICES:
            try:
                given.get(service.key, ServiceSettings()).resources_over(service.resources)
            except ValidationError as error:
                fault = error.errors(include_url=False, include_input=False)[0]
                where = "".join(f".{to_camel(str(part))}" for part in fault["loc"])
                msg = (
                    f"{service.key}.resources{where}: {fault['msg'].removeprefix('Value error, ')}"
                )
                raise ValueError(msg) from None
        return given

    @field_validator("image_digests")
    @classmethod
    def _one_digest_each(cls, given: dict[str, str] | None) -> dict[str, str] | None:
        if lacking := [key for key in KEYS if given is not None and key not in given]:
            msg = f"no digest of {', '.join(lacking)}"
            raise ValueError(msg)
        return given

    @property
    def on_cluster(self) -> bool:
        """Whether Kubernetes runs the services."""
        return self.target != "local"

    @property
    def scaled(self) -> bool:
        """Whether an autoscaler sets the number of pods, with `replicas_of` as the minimum."""
        return self.target == "staging"

    @property
    def scraped(self) -> bool:
        """Whether Prometheus scrapes the pods."""
        return self.target == "staging" and self.metrics != "off"

    @property
    def takes_live_code(self) -> bool:
        """Whether running containers take changed code."""
        return self.target != "staging" if self.live is None else self.live

    def service(self, key: str) -> ServiceSettings:
        """The stack file's settings of a service."""
        return self.services.get(key, ServiceSettings())

    def replicas_of(self, key: str) -> int:
        """Number of pods of a service, or the minimum with an autoscaler."""
        fewest = staging_checks.FEWEST_REPLICAS if self.scaled else 1
        return self.service(key).replicas or fewest

    @property
    def registry(self) -> str:
        """Registry that the images are pushed to, without a trailing slash."""
        return self.image_registry or f"localhost:{self.registry_port}"

    @property
    def tag(self) -> str:
        """Tag of the images."""
        return self.image_tag or (f"v{VERSION}" if self.target == "staging" else "dev")

    @property
    def url(self) -> str:
        """URL of the gateway: on this machine, or through the ingress."""
        if self.target == "staging":
            return f"https://{self.ingress_host}"
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def kubeconfig_path(self) -> str:
        """The kubeconfig of this stack; a relative path is relative to the repository.

        "" on staging without one: the files of KUBECONFIG, merged, or ~/.kube/config.
        """
        if self.kubeconfig:
            return str(REPO / Path(self.kubeconfig).expanduser())
        return "" if self.target == "staging" else str(state() / "kubeconfig")

    @property
    def context(self) -> str:
        """The context of this stack; "" is the current one of its kubeconfig."""
        kind = "" if self.target == "staging" else f"kind-{self.cluster_name}"
        return self.kube_context or kind

    @classmethod
    def from_config(cls, values: Mapping[str, Any], stack_file: str) -> Self:
        """Check `values` (keys without the namespace; objects may be JSON text).

        A local stack reads unset values from the environment or `.env`.
        Raises ConfigurationError naming the key, the stack file and the command that fixes it.
        """
        if values.get("target") == "local":
            from kaldra.stack import dotenv  # noqa: PLC0415  not read on clusters

            values = dotenv.completed(values)
        try:
            settings = cls.model_validate({key: _decoded(value) for key, value in values.items()})
        except ValidationError as error:
            known = [to_camel(name) for name in cls.model_fields]
            raise config_errors.explained(error, stack_file, known) from None
        if settings.target == "staging":
            staging_checks.require(settings, stack_file)
        return settings


def settings_of_stack_file(stack: str, repo: Path) -> Settings:
    """Settings of `Pulumi.<stack>.yaml` over the defaults in `Pulumi.yaml`, without Pulumi.

    Encrypted values are not read; the program validates them after decryption.
    """
    from kaldra.stack import stack_file  # noqa: PLC0415  the Pulumi program never needs YAML

    return Settings.from_config(stack_file.values(stack, repo), f"Pulumi.{stack}.yaml")


def _decoded(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    return value
