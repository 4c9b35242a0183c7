"""The services, described once for every target.

`kubernetes` and `local` translate these descriptions; neither adds anything of its own to what a
service needs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kaldra.stack import secrets
from kaldra.stack.setting_types import Resources
from kaldra.stack.settings import Settings

PART_OF = "kaldra"
"""Value of app.kubernetes.io/part-of on every object of the platform."""

USER_ID = 10001
"""User and group of both services' processes."""

CORE_NAME = "kaldra-core"
API_NAME = "kaldra-api"
"""Names of the services, and of the objects that run them."""

CORE_PORT = 9000
API_PORT = 8000
CORE_METRICS_PORT = 9001
API_METRICS_PORT = 8001
"""Ports inside the container; the target decides which of them is published."""

API_KEYS_DIRECTORY = "/etc/kaldra/api-keys"
"""One file per caller: its name is the caller's, its content the key."""


@dataclass(frozen=True)
class Service:
    """A service as every target runs it."""

    name: str
    port: int
    replicas: int
    """Number of pods, or the minimum where an autoscaler decides."""
    max_replicas: int
    resources: Resources
    environment: Mapping[str, str]
    live_path: str = "/health"
    ready_path: str = "/ready"
    tmp_mebibytes: int = 64
    grace_seconds: int = 30
    secret_directories: Mapping[str, str] = field(default_factory=dict)
    """Name of a secret of the stack → directory its entries are mounted at, one file each."""
    public: bool = False
    """Whether clients outside of the stack may reach it."""
    metrics_port: int | None = None
    """Port of Prometheus metrics, apart from the callers'; None serves none."""

    @property
    def ports(self) -> dict[str, int]:
        """Ports by name."""
        metrics = {"metrics": self.metrics_port} if self.metrics_port else {}
        return {"http": self.port, **metrics}


def all_of(settings: Settings) -> tuple[Service, ...]:
    """Every service of a stack."""
    return core(settings), api(settings)


def core(settings: Settings) -> Service:
    """The kernel."""
    return Service(
        name=CORE_NAME,
        port=CORE_PORT,
        replicas=settings.replicas_of("core"),
        max_replicas=settings.core_max_replicas,
        resources=settings.core_resources,
        environment={
            **_common(settings),
            **_metrics(settings, "CORE_METRICS_PORT", CORE_METRICS_PORT),
        },
        metrics_port=CORE_METRICS_PORT if settings.scraped else None,
    )


def api(settings: Settings) -> Service:
    """The gateway."""
    return Service(
        name=API_NAME,
        port=API_PORT,
        replicas=settings.replicas_of("api"),
        max_replicas=settings.api_max_replicas,
        resources=settings.api_resources,
        environment={
            **_common(settings),
            "API_PORT": str(API_PORT),
            "CORE_SERVICE_URL": f"http://{CORE_NAME}:{CORE_PORT}",
            "KALDRA_API_KEYS_DIR": API_KEYS_DIRECTORY,
            **_cors(settings),
            **_limits(settings),
            **_metrics(settings, "API_METRICS_PORT", API_METRICS_PORT),
        },
        secret_directories={secrets.API_KEYS: API_KEYS_DIRECTORY},
        public=True,
        metrics_port=API_METRICS_PORT if settings.scraped else None,
    )


def _common(settings: Settings) -> dict[str, str]:
    return {"ENV": settings.environment, "KALDRA_LOG_LEVEL": settings.log_level}


def _metrics(settings: Settings, variable: str, port: int) -> dict[str, str]:
    return {variable: str(port)} if settings.scraped else {}


def _cors(settings: Settings) -> dict[str, str]:
    origins = ",".join(settings.cors_origins)
    return {"KALDRA_CORS_ORIGINS": origins} if origins else {}


def _limits(settings: Settings) -> dict[str, str]:
    """Limits of the gateway that the stack sets; the gateway has defaults for the others."""
    given = {
        "KALDRA_RATE_LIMIT": settings.rate_limit,
        "CORE_TIMEOUT_SECONDS": settings.core_timeout_seconds,
    }
    return {name: str(value) for name, value in given.items() if value is not None}


def container_name(service: str, namespace: str) -> str:
    """Name of a service's container on Docker alone: `kaldra-api`, unless the namespace differs."""
    return service.replace("kaldra", namespace, 1)
