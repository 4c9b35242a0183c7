"""Typed settings of a stack: Pulumi configuration, checked before anything is declared."""

import json
import platform as host
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from kaldra.paths import REPO, state
from kaldra.stack import config_errors, staging_checks
from kaldra.stack import setting_types as types
from kaldra.stack.services import KEYS, SERVICES
from kaldra.stack.setting_types import NAMESPACE, Group, ServiceSettings, Target
from kaldra.versions import PRODUCT

__all__ = ["NAMESPACE", "VERSION", "Settings", "settings_of_stack_file"]

VERSION = PRODUCT
"""Version of all services, as they report it."""


def _known(key: str) -> str:
    if key not in KEYS:
        raise ValueError(f"unknown service {key}; choose from {', '.join(KEYS)}")
    return key


ServiceKey = Annotated[str, AfterValidator(_known)]


def host_platform() -> types.Platform:
    """Platform of the images that this machine runs without emulation."""
    arm = host.machine().lower() in ("arm64", "aarch64")
    return "linux/arm64" if arm else "linux/amd64"


class Settings(Group):
    """One stack's settings."""

    target: Target
    """What runs the services: local (Docker), dev (a kind cluster) or staging (any cluster)"""
    environment: Annotated[str, Field(min_length=1)] = "dev"
    """Value of ENV in all services"""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """KALDRA_LOG_LEVEL of all services"""
    log_spans: bool | None = None
    """Whether the services log the spans of each request, for `./kaldra trace`; default: true on
    local and dev, false on staging"""
    otlp_endpoint: types.OtlpEndpoint | None = None
    """URL that spans are sent to by OTLP/HTTP, such as http://collector.monitoring.svc:4318; on
    clusters a Service (NAME.NAMESPACE.svc) or an IP address, the only destination beside the
    stack's own that network policies open"""
    trace_sampling_ratio: Annotated[float, Field(ge=0, le=1)] | None = None
    """Share of the requests whose spans are recorded, unless a caller decides; default: all"""
    gateway: types.Gateway = types.Gateway()
    namespace: types.DnsLabel = "kaldra"
    """Kubernetes namespace (dev, staging), or Docker network and name prefix (local)"""
    cluster_name: types.DnsLabel = "kaldra-dev"
    """Name of the kind cluster (dev)"""
    kubeconfig: str | None = None
    """Path of the kubeconfig; default: the clone's own file on dev, the files of KUBECONFIG or
    ~/.kube/config on staging"""
    kube_context: str | None = None
    """Context in the kubeconfig; default on dev: kind-<clusterName>"""
    api_port: types.Port = 8000
    """Port on 127.0.0.1 of the gateway (local, dev)"""
    registry_port: types.Port = 5001
    """Port on 127.0.0.1 of the dev registry"""
    registry: types.Registry = types.Registry()
    image_tag: types.ImageTag | None = None
    """Tag of the images; default: dev on dev, `v` and the version on staging"""
    image_digests: dict[ServiceKey, types.Digest] | None = None
    """Digests of existing images by service; if set, nothing is built"""
    image_platform: types.Platform = Field(default_factory=host_platform)
    """Platform of the images"""
    services: dict[ServiceKey, ServiceSettings] = Field({}, validate_default=True)
    """Per service (core, api): replicas (default 1; on staging the minimum, 2), maxReplicas (6;
    staging), resources (cpuRequest, cpuLimit in millicores; memoryRequest, memoryLimit in MiB)"""
    autoscaling: types.Autoscaling = types.Autoscaling()
    quota: types.Quota = types.Quota()
    ingress: types.Ingress = types.Ingress()
    metrics: Literal["annotations", "serviceMonitor", "off"] = "annotations"
    """How Prometheus discovers the pods (staging)"""
    metrics_namespace: types.DnsName = "monitoring"
    """Namespace whose pods may read /metrics (staging)"""
    api_keys: dict[types.DnsLabel, types.ApiKey] | None = None
    """API keys by caller name (secret); default on local and dev: one generated key"""
    state_backend: types.StateBackend | None = None
    """URL of the Pulumi backend; default: this clone's own folder"""
    secrets_provider: types.SecretsProvider | None = None
    """Key management service that encrypts the stack's secrets, or `passphrase` for your own
    passphrase on dev and local"""
    live: bool | None = None
    """Whether `./kaldra dev` may replace the code of running containers; default: true; refused on
    staging"""
    metrics_server: bool = False
    """Install metrics-server for `kubectl top` and autoscalers (dev)"""
    rollout_timeout_seconds: Annotated[int, Field(ge=10, le=3600)] = 120
    """Timeout of a rollout in seconds"""

    @model_validator(mode="after")
    def _one_port_each(self) -> Self:
        if self.target == "dev" and self.api_port == self.registry_port:
            raise ValueError(
                f"apiPort and registryPort are both {self.api_port}; give each its own port"
            )
        return self

    @field_validator("otlp_endpoint")
    @classmethod
    def _policies_can_name_it(cls, url: str | None, info: ValidationInfo) -> str | None:
        if url and info.data.get("target") != "local":
            types.otlp_destination(url)
        return url

    @field_validator("services")
    @classmethod
    def _complete(cls, given: dict[str, ServiceSettings]) -> dict[str, ServiceSettings]:
        """Every service, with its own resources where the stack sets none."""
        complete = {}
        for service in SERVICES:
            key, own = service.key, given.get(service.key, ServiceSettings())
            resources = service.resources.model_copy(
                update=own.resources.model_dump(exclude_unset=True)
            )
            for kind in ("cpu", "memory"):
                if getattr(resources, f"{kind}_request") > getattr(resources, f"{kind}_limit"):
                    raise ValueError(f"{key}.resources: {kind}Request is above {kind}Limit")
            complete[key] = own.model_copy(update={"resources": resources})
        return complete

    @field_validator("image_digests")
    @classmethod
    def _one_digest_each(cls, given: dict[str, str] | None) -> dict[str, str] | None:
        if lacking := [key for key in KEYS if given is not None and key not in given]:
            raise ValueError(f"no digest of {', '.join(lacking)}")
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
    def logs_spans(self) -> bool:
        """Whether spans are log records."""
        return self.target != "staging" if self.log_spans is None else self.log_spans

    @property
    def takes_live_code(self) -> bool:
        """Whether running containers take changed code."""
        return self.target != "staging" if self.live is None else self.live

    def replicas_of(self, key: str) -> int:
        """Number of pods of a service, or the minimum with an autoscaler."""
        fewest = staging_checks.FEWEST_REPLICAS if self.scaled else 1
        return self.services[key].replicas or fewest

    @property
    def registry_address(self) -> str:
        """Registry and path that the images are pushed to, without a trailing slash."""
        return self.registry.address or f"localhost:{self.registry_port}"

    @property
    def tag(self) -> str:
        """Tag of the images."""
        return self.image_tag or (f"v{VERSION}" if self.target == "staging" else "dev")

    @property
    def url(self) -> str:
        """URL of the gateway: on this machine, or through the ingress."""
        if self.target == "staging":
            return f"https://{self.ingress.host}"
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
        values = {key: _decoded(value) for key, value in values.items()}
        if values.get("target") == "local":
            from kaldra.stack import dotenv  # noqa: PLC0415  not read on clusters

            values = dotenv.completed(values)
        try:
            settings = cls.model_validate(values)
        except ValidationError as error:
            raise config_errors.explained(error, stack_file, list(_keys(cls))) from None
        if settings.target == "staging":
            for path, reason in staging_checks.faults(settings):
                raise config_errors.fault(path, stack_file, reason)
        return settings


def settings_of_stack_file(stack: str, repo: Path, *, complete: bool = False) -> Settings:
    """Settings of `Pulumi.<stack>.yaml` over the defaults in `Pulumi.yaml`, without Pulumi.

    Encrypted values are not read; the program validates them after decryption. A staging stack may
    lack secrets here, unless it must be `complete`.
    """
    from kaldra.stack import stack_file  # noqa: PLC0415  the Pulumi program never needs YAML

    values = stack_file.values(stack, repo, complete=complete)
    return Settings.from_config(values, f"Pulumi.{stack}.yaml")


def _keys(group: type[Group], prefix: str = "") -> Iterator[str]:
    """Keys of a group's settings; below the key of a group inside it, after a dot."""
    for name, field in group.model_fields.items():
        key, kind = f"{prefix}{field.alias or name}", field.annotation
        yield key
        if isinstance(kind, type) and issubclass(kind, Group):
            yield from _keys(kind, f"{key}.")


def _decoded(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    return value
