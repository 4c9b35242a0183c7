"""Settings of the core's service; the kernel itself knows none."""

from pydantic import Field

from serving.settings import Port, ServiceSettings


class Settings(ServiceSettings):
    """What the core is told by its environment."""

    port: Port = Field(9000, alias="CORE_PORT", description="Port to listen on")
    threads: int = Field(
        2, alias="CORE_THREADS", ge=1, le=64, description="Texts that are computed at once"
    )
    places: int = Field(
        128,
        alias="CORE_PLACES",
        ge=1,
        le=10_000,
        description="Requests running or waiting at most; further ones are refused with 503",
    )
    max_bytes_in_flight: int = Field(
        48 << 20,
        alias="CORE_MAX_BYTES_IN_FLIGHT",
        ge=1024,
        description="Bytes of all bodies above 64 KiB that are held at once",
    )
    metrics_port: int = Field(
        0,
        alias="CORE_METRICS_PORT",
        ge=0,
        le=65535,
        description="Port of Prometheus metrics; 0 serves none",
    )
