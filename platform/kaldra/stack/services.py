"""The two services, described once for every target.

Kubernetes (`workload`) and Docker (`containers`) translate these descriptions; neither adds
anything of its own to what a service needs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kaldra.stack.settings import Settings

VERSION = "0.1.0"
"""Version of both services, as they report it."""

PART_OF = "kaldra"
"""Value of app.kubernetes.io/part-of on everything of the platform."""

USER_ID = 10001
"""User and group of both services' processes."""

CORE_PORT = 9000
API_PORT = 8000
"""Ports inside the container; what is published is the target's business."""

API_KEYS_DIRECTORY = "/etc/kaldra/api-keys"
"""One file per caller: its name is the caller's, its content the key."""


@dataclass(frozen=True)
class Resources:
    """What a container asks for and may use at most: CPU in millicores, memory in MiB."""

    cpu_request: int
    cpu_limit: int
    memory_request: int
    memory_limit: int


@dataclass(frozen=True)
class Service:
    """A service as every target runs it."""

    name: str
    port: int
    module: str
    replicas: int
    resources: Resources
    environment: Mapping[str, str]
    live_path: str = "/health"
    ready_path: str = "/ready"
    tmp_mebibytes: int = 64
    grace_seconds: int = 30
    secret_directories: Mapping[str, str] = field(default_factory=dict)
    """Name of a secret of the stack → directory its entries are mounted at, one file each."""


def core(settings: Settings) -> Service:
    """The kernel."""
    return Service(
        name="kaldra-core",
        port=CORE_PORT,
        module="core",
        replicas=settings.core_replicas,
        resources=Resources(cpu_request=100, cpu_limit=1000, memory_request=128, memory_limit=512),
        environment=_common(settings),
    )


def api(settings: Settings) -> Service:
    """The gateway."""
    return Service(
        name="kaldra-api",
        port=API_PORT,
        module="app",
        replicas=settings.api_replicas,
        resources=Resources(cpu_request=100, cpu_limit=1000, memory_request=96, memory_limit=256),
        environment={
            **_common(settings),
            "API_PORT": str(API_PORT),
            "CORE_SERVICE_URL": f"http://kaldra-core:{CORE_PORT}",
            "KALDRA_API_KEYS_DIR": API_KEYS_DIRECTORY,
        },
        secret_directories={"api-keys": API_KEYS_DIRECTORY},
    )


def _common(settings: Settings) -> dict[str, str]:
    return {"ENV": settings.environment, "KALDRA_LOG_LEVEL": settings.log_level}
