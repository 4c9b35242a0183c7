"""The services, each described once: targets, images, releases and verbs read `SERVICES`.

`kubernetes` and `local` translate the descriptions; neither adds anything of its own to what a
service needs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kaldra.errors import ConfigurationError
from kaldra.stack.setting_types import Resources

if TYPE_CHECKING:
    from kaldra.stack.settings import Settings

PART_OF = "kaldra"
"""Value of app.kubernetes.io/part-of on every object of the platform."""

USER_ID = 10001
"""User and group of every service's process."""

API_KEYS = "api-keys"
"""Secret of the stack with one entry per caller of the gateway."""

API_KEYS_DIRECTORY = "/etc/kaldra/api-keys"
"""One file per caller: its name is the caller's, its content the key."""

LIVE_DIRECTORY = "/live"
"""Where a container keeps source that was changed while it runs, writable for it alone."""

LIVE_MEBIBYTES = 32


@dataclass(frozen=True)
class Service:
    """A service as every target runs it. Ports are those inside the container."""

    key: str
    """Its key in settings and verbs, and its target in the Dockerfile."""
    package: str
    """Python package to run; its `settings` module declares the variables."""
    port: int
    metrics_port: int
    """Port of Prometheus metrics, where they are scraped."""
    resources: Resources
    """Default resources, which a stack can override."""
    folders: tuple[str, ...] = ("contract", "serving")
    """Source folders besides its package."""
    callers: tuple[str, ...] = ()
    """Keys of the services that may call it."""
    exposed: bool = False
    """Whether clients outside of the stack may call it."""
    environment: Callable[["Settings"], Mapping[str, object]] = lambda _settings: {}
    """Its variables besides those of every service; None leaves the service's default."""
    secret_directories: Mapping[str, str] = field(default_factory=dict)
    """Name of a secret of the stack → directory its entries are mounted at, one file each."""
    live_path: str = "/health"
    ready_path: str = "/ready"
    tmp_mebibytes: int = 64
    grace_seconds: int = 30

    @property
    def name(self) -> str:
        """Name of its image, and of the objects that run it."""
        return f"kaldra-{self.key}"

    def container_name(self, namespace: str) -> str:
        """Name of its container on the `local` target, such as `kaldra-api`."""
        return f"{namespace}-{self.key}"

    def ports(self, settings: "Settings") -> dict[str, int]:
        """Ports of its container, by name."""
        return {"http": self.port} | ({"metrics": self.metrics_port} if settings.scraped else {})

    def variables(self, settings: "Settings") -> dict[str, str]:
        """Environment of its container; the service has defaults for what the stack leaves open."""
        given = {
            "ENV": settings.environment,
            "KALDRA_LOG_LEVEL": settings.log_level,
            "KALDRA_LOG_SPANS": "on" if settings.logs_spans else None,
            "KALDRA_OTLP_ENDPOINT": settings.otlp_endpoint,
            "KALDRA_TRACE_SAMPLING_RATIO": settings.trace_sampling_ratio,
            f"{self.key.upper()}_METRICS_PORT": self.metrics_port if settings.scraped else None,
            **self.environment(settings),
        }
        return {name: str(value) for name, value in given.items() if value is not None}

    def command(self, settings: "Settings") -> list[str] | None:
        """What its container runs; None leaves it to the image."""
        if not settings.takes_live_code:
            return None
        options = ["--name", self.name, "--folder", LIVE_DIRECTORY, "--copy"]
        return ["python3", "-m", "serving.reload", self.package, *options]


def _gateway(settings: "Settings") -> dict[str, object]:
    gateway = settings.gateway
    # `./kaldra up` asks the gateway on loopback, through a forward or a published port.
    hosts = dict.fromkeys((*gateway.allowed_hosts, "127.0.0.1")) if gateway.allowed_hosts else ()
    return {
        "API_PORT": API.port,
        "CORE_SERVICE_URL": f"http://{CORE.name}:{CORE.port}",
        "KALDRA_API_KEYS_DIR": API_KEYS_DIRECTORY,
        "KALDRA_CORS_ORIGINS": ",".join(gateway.cors_origins) or None,
        "KALDRA_ALLOWED_HOSTS": ",".join(hosts) or None,
        "KALDRA_TRUSTED_PROXIES": ",".join(gateway.trusted_proxies) or None,
        "KALDRA_RATE_LIMIT": gateway.rate_limit,
        "CORE_TIMEOUT_SECONDS": gateway.core_timeout_seconds,
    }


CORE = Service(
    key="core",
    package="core",
    port=9000,
    metrics_port=9001,
    resources=Resources(),
    folders=("contract", "serving", "data"),
    callers=("api",),
)
API = Service(
    key="api",
    package="app",
    port=8000,
    metrics_port=8001,
    resources=Resources(memory_request=96, memory_limit=256),
    exposed=True,
    environment=_gateway,
    secret_directories={API_KEYS: API_KEYS_DIRECTORY},
)

SERVICES = (CORE, API)
"""Every service, in the order of declaration and start."""


KEYS = tuple(service.key for service in SERVICES)


def named(name: str, *others: str) -> Service:
    """The service of a key or a name. Raises ConfigurationError, naming those and `others`."""
    for service in SERVICES:
        if name in (service.key, service.name):
            return service
    raise ConfigurationError(
        f"Unknown service {name!r}.", hint=f"Valid names: {', '.join((*KEYS, *others))}"
    )


def build_arguments(base: str, builder: str) -> dict[str, str]:
    """Arguments of the Dockerfiles: the images that the services are built on and in.

    The same sources and images give the same digest: newer builders also date the image by
    SOURCE_DATE_EPOCH instead of the time of the build.
    """
    return {"BASE_IMAGE": base, "BUILDER_IMAGE": builder, "SOURCE_DATE_EPOCH": "0"}
