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
"""Version of both services, as they report it."""


def _known(key: str) -> str:
    if key not in KEYS:
        msg = f"there is no service {key}; choose from {', '.join(KEYS)}"
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
        description="What runs the services: local (Docker alone), dev (a kind cluster) "
        "or staging (any cluster)"
    )
    environment: str = Field("dev", min_length=1, description="Value of ENV in both services")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="KALDRA_LOG_LEVEL of both services"
    )
    cors_origins: tuple[Origin, ...] = Field(
        (), description="Origins of front ends that browsers may call the gateway from"
    )
    rate_limit: Annotated[int, Field(ge=0, le=1_000_000)] | None = Field(
        None,
        description="Requests a caller may make of one gateway pod in a minute; 0 is no limit; "
        "the gateway's own 100 where it is not given",
    )
    core_timeout_seconds: Annotated[int, Field(ge=1, le=600)] | None = Field(
        None,
        description="How long the gateway waits for an answer of the core, in seconds; its own 30 "
        "where it is not given",
    )
    namespace: DnsLabel = Field(
        "kaldra",
        description="Kubernetes namespace (dev, staging), or Docker network and name prefix "
        "(local)",
    )
    cluster_name: DnsLabel = Field("kaldra-dev", description="Name of the kind cluster (dev)")
    kubeconfig: str | None = Field(
        None,
        description="Path of the kubeconfig; on dev the clone's own file, on staging "
        "~/.kube/config",
    )
    kube_context: str | None = Field(
        None,
        description="Context in the kubeconfig; on dev kind-<clusterName>; never the ambient one",
    )
    api_port: Port = Field(8000, description="Port on 127.0.0.1 of the gateway (local, dev)")
    registry_port: Port = Field(5001, description="Port on 127.0.0.1 of the dev registry")
    image_registry: Registry | None = Field(
        None, description="Where both images are pushed to, such as ghcr.io/4iam/kaldra (staging)"
    )
    registry_push: Credentials | None = Field(
        None, description="Account that pushes: username, password (secret; staging)"
    )
    registry_pull: Credentials | None = Field(
        None,
        description="Account that the cluster pulls with: username, password (secret; staging)",
    )
    image_tag: ImageTag | None = Field(
        None, description=f"Tag of both images; on dev dev, on staging v{VERSION}"
    )
    image_digests: dict[ServiceKey, Digest] | None = Field(
        None,
        description="Digests of images that were built before, by service: nothing is built",
    )
    image_platform: Platform = Field(
        default_factory=host_platform, description="Platform of both images"
    )
    services: dict[ServiceKey, ServiceSettings] = Field(
        {},
        description="By service (core, api): replicas (default 1; on staging the minimum, 2), "
        "maxReplicas (6; staging), resources (cpuRequest, cpuLimit in millicores; memoryRequest, "
        "memoryLimit in MiB)",
    )
    cpu_target: Annotated[int, Field(ge=10, le=100)] = Field(
        70, description="Percent of the requested CPU above which pods are added (staging)"
    )
    quota: Quota = Field(
        Quota(),
        description="Of the namespace: cpu (millicores), memory (MiB), pods; what is not said "
        "follows from the largest rollout (staging)",
    )
    ingress_host: DnsName | None = Field(
        None, description="Name the gateway is reached by from outside (staging)"
    )
    ingress_class: DnsName | None = Field(
        None, description="Class of the ingress; the cluster's default one (staging)"
    )
    ingress_tls_secret: DnsName | None = Field(
        None, description="TLS secret that exists in the namespace (staging)"
    )
    ingress_issuer: DnsName | None = Field(
        None, description="ClusterIssuer of cert-manager that makes the TLS secret (staging)"
    )
    ingress_annotations: dict[str, str] = Field(
        {}, description="Annotations of the ingress, for its controller (staging)"
    )
    ingress_namespace: DnsName | None = Field(
        None,
        description="Namespace of the ingress controller, whose pods may reach the gateway; "
        "ingress-nginx, unless ingressNetworks is set (staging)",
    )
    ingress_networks: tuple[Network, ...] = Field(
        (),
        description="Networks that may reach the gateway, where the ingress controller runs "
        "outside the pod network (staging)",
    )
    metrics: Literal["annotations", "serviceMonitor", "off"] = Field(
        "annotations", description="How Prometheus finds the pods (staging)"
    )
    metrics_namespace: DnsName = Field(
        "monitoring", description="Namespace whose pods may read /metrics (staging)"
    )
    api_keys: dict[DnsLabel, ApiKey] | None = Field(
        None,
        description="Keys of the gateway's callers by name (secret); without, one is made for "
        "local and dev",
    )
    state_backend: Annotated[str, Field(pattern=r"^(file|s3|gs|azblob|https)://\S+$")] | None = (
        Field(
            None, description="Pulumi backend that holds the stack's state; this clone's own folder"
        )
    )
    secrets_provider: (
        Annotated[
            str, Field(pattern=r"^(passphrase$|(awskms|azurekeyvault|gcpkms|hashivault)://\S+$)")
        ]
        | None
    ) = Field(
        None,
        description="Key service that encrypts the stack's secrets, or `passphrase` for one of "
        "your own on dev and local",
    )
    live: bool | None = Field(
        None,
        description="Whether `./kaldra dev` may replace the code of running containers; true, and "
        "refused on staging",
    )
    rollout_timeout_seconds: Annotated[int, Field(ge=10, le=3600)] = Field(
        120, description="How long a rollout may take before it fails, in seconds"
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
        """Whether the cluster decides on the number of pods, from `replicas_of` upwards."""
        return self.target == "staging"

    @property
    def scraped(self) -> bool:
        """Whether a Prometheus in the cluster reads the pods' metrics."""
        return self.target == "staging" and self.metrics != "off"

    @property
    def takes_live_code(self) -> bool:
        """Whether running containers take changed code."""
        return self.target != "staging" if self.live is None else self.live

    def service(self, key: str) -> ServiceSettings:
        """What the stack file says of a service."""
        return self.services.get(key, ServiceSettings())

    def replicas_of(self, key: str) -> int:
        """Pods of a service: how many, or where the cluster decides, at least."""
        fewest = staging_checks.FEWEST_REPLICAS if self.scaled else 1
        return self.service(key).replicas or fewest

    @property
    def registry(self) -> str:
        """Registry that both images are pushed to, without a trailing slash."""
        return self.image_registry or f"localhost:{self.registry_port}"

    @property
    def tag(self) -> str:
        """Tag of both images."""
        return self.image_tag or (f"v{VERSION}" if self.target == "staging" else "dev")

    @property
    def url(self) -> str:
        """Where the gateway answers: on this machine, or through the ingress."""
        if self.target == "staging":
            return f"https://{self.ingress_host}"
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def kubeconfig_path(self) -> str:
        """The kubeconfig this stack is bound to; a relative one is seen from the repository."""
        if self.kubeconfig:
            return str(REPO / Path(self.kubeconfig).expanduser())
        own = state() / "kubeconfig"
        return str(Path.home() / ".kube" / "config" if self.target == "staging" else own)

    @property
    def context(self) -> str:
        """The only context this stack ever talks to; "" is the current one of its kubeconfig."""
        kind = "" if self.target == "staging" else f"kind-{self.cluster_name}"
        return self.kube_context or kind

    @classmethod
    def from_config(cls, values: Mapping[str, Any], stack_file: str) -> Self:
        """Check `values` (keys without the namespace; objects may be JSON text).

        What a local stack leaves open is taken from the environment or `.env`.
        Raises ConfigurationError naming the key, the stack file and the command that fixes it.
        """
        if values.get("target") == "local":
            from kaldra.stack import dotenv  # noqa: PLC0415  clusters know nothing of it

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

    Encrypted values stay unread and so unchecked; the program checks them once they are decrypted.
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
