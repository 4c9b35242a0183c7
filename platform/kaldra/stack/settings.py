"""Typed settings of a stack: Pulumi configuration, checked before anything is declared."""

import difflib
import json
import platform as host
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

from kaldra.errors import ConfigurationError
from kaldra.paths import state

NAMESPACE = "kaldra"
"""Pulumi configuration namespace: keys are written `kaldra:<key>` in a stack file."""

Target = Literal["local", "dev"]
Platform = Literal["linux/amd64", "linux/arm64"]
SHORTEST_KEY = 16
UNREAD = "encrypted, unread here"


def _long_enough(key: SecretStr) -> SecretStr:
    if len(key) < SHORTEST_KEY:
        msg = f"a key has at least {SHORTEST_KEY} characters"
        raise ValueError(msg)
    return key


ApiKey = Annotated[SecretStr, AfterValidator(_long_enough)]
Port = Annotated[int, Field(ge=1, le=65535)]
DnsLabel = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$")]


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
        description="What runs the services: local (Docker alone) or dev (a kind cluster)"
    )
    environment: str = Field("dev", description="Value of ENV in both services")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="KALDRA_LOG_LEVEL of both services"
    )
    namespace: DnsLabel = Field(
        "kaldra",
        description="Kubernetes namespace (dev), or Docker network and name prefix (local)",
    )
    cluster_name: DnsLabel = Field("kaldra-dev", description="Name of the kind cluster (dev)")
    kubeconfig: str | None = Field(
        None, description="Path of the kubeconfig; on dev the clone's own file"
    )
    kube_context: str | None = Field(
        None,
        description="Context in the kubeconfig; on dev kind-<clusterName>; never the ambient one",
    )
    api_port: Port = Field(8000, description="Port on 127.0.0.1 of the gateway (local, dev)")
    registry_port: Port = Field(5001, description="Port on 127.0.0.1 of the dev registry")
    image_tag: str = Field(
        "dev", pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", description="Tag of both images"
    )
    image_platform: Platform = Field(
        default_factory=host_platform, description="Platform of both images"
    )
    core_replicas: Annotated[int, Field(ge=1, le=100)] = Field(1, description="Pods of kaldra-core")
    api_replicas: Annotated[int, Field(ge=1, le=100)] = Field(1, description="Pods of kaldra-api")
    api_keys: dict[DnsLabel, ApiKey] | None = Field(
        None,
        description="Keys of the gateway's callers by name (secret); without, one is made for dev",
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

    @property
    def registry(self) -> str:
        """Registry that both images are pushed to, without a trailing slash."""
        return f"localhost:{self.registry_port}"

    @property
    def url(self) -> str:
        """Where the gateway answers, on this machine."""
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def kubeconfig_path(self) -> str:
        """The kubeconfig this stack is bound to."""
        return self.kubeconfig or str(state() / "kubeconfig")

    @property
    def context(self) -> str:
        """The only context this stack ever talks to."""
        return self.kube_context or f"kind-{self.cluster_name}"

    @classmethod
    def from_config(cls, values: Mapping[str, Any], stack_file: str) -> Self:
        """Check `values` (keys without the namespace; objects may be JSON text).

        Raises ConfigurationError naming the key, the stack file and the command that fixes it.
        """
        try:
            return cls.model_validate({key: _decoded(value) for key, value in values.items()})
        except ValidationError as error:
            raise _explained(error, stack_file) from None


def settings_of_stack_file(stack: str, repo: Path) -> Settings:
    """Settings of `Pulumi.<stack>.yaml` over the defaults in `Pulumi.yaml`, without Pulumi.

    Encrypted values stay unread and so unchecked; the program checks them once they are decrypted.
    """
    import yaml  # noqa: PLC0415  the Pulumi program never needs it

    name = f"Pulumi.{stack}.yaml"
    path = repo / name
    if not path.is_file():
        known = sorted(p.name.split(".")[1] for p in repo.glob("Pulumi.*.yaml"))
        raise ConfigurationError(
            f"There is no stack {stack!r}: {name} does not exist.",
            hint=f"Choose one of: {', '.join(known)} (option --stack).",
        )
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise ConfigurationError(f"{name} is not valid YAML{where}.") from None
    config = document.get("config") or {}
    prefix = f"{NAMESPACE}:"
    values = {
        key.removeprefix(prefix): _unread(value)
        for key, value in config.items()
        if key.startswith(prefix) and not _is_encrypted(value)
    }
    return Settings.from_config(values, name)


def _is_encrypted(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"secure"}


def _unread(value: Any) -> Any:
    """Stand-ins for encrypted entries of an object."""
    if isinstance(value, dict):
        return {k: UNREAD if _is_encrypted(v) else _unread(v) for k, v in value.items()}
    return value


def _decoded(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    return value


def _explained(error: ValidationError, stack_file: str) -> ConfigurationError:
    """Turn the first fault into a message with key, file and fix; never shows the value."""
    fault = error.errors(include_url=False, include_input=False)[0]
    stack = re.sub(r"^Pulumi\.(.+)\.yaml$", r"\1", stack_file)
    key = str(fault["loc"][0]) if fault["loc"] else ""
    path = ".".join(str(part) for part in fault["loc"])
    known = sorted(to_camel(name) for name in Settings.model_fields)
    command = f"pulumi config set --stack {stack} {NAMESPACE}:{key} VALUE"
    if fault["type"] == "extra_forbidden":
        near = difflib.get_close_matches(key, known, n=1)
        meant = f" Did you mean {NAMESPACE}:{near[0]}?" if near else ""
        return ConfigurationError(
            f"Unknown setting {NAMESPACE}:{key} in {stack_file}.{meant}",
            hint=f"Rename or remove it in {stack_file}, "
            f"or: pulumi config rm --stack {stack} {NAMESPACE}:{key}",
        )
    if fault["type"] == "missing":
        return ConfigurationError(
            f"Setting {NAMESPACE}:{path} is missing from {stack_file}.", hint=command
        )
    if not fault["loc"]:
        return ConfigurationError(f"{stack_file}: {_reason(fault)}.", hint=f"Edit {stack_file}.")
    return ConfigurationError(
        f"Setting {NAMESPACE}:{path} in {stack_file} is wrong: {_lower_first(_reason(fault))}.",
        hint=command,
    )


def _reason(fault: Mapping[str, Any]) -> str:
    return str(fault["msg"]).removeprefix("Value error, ")


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
