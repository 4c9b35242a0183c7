"""Settings of the core's service; the kernel itself has none."""

from pydantic import Field

from serving.settings import Bytes, Places, Port, ServiceSettings


class Settings(ServiceSettings):
    """Settings of the core, read from environment variables."""

    port: Port = Field(9000, alias="CORE_PORT")
    """Port to listen on"""
    threads: int = Field(2, alias="CORE_THREADS", ge=1, le=64)
    """Number of texts computed in parallel"""
    places: Places = Field(128, alias="CORE_PLACES")
    """Maximum number of running and queued requests; further requests are rejected with 503"""
    max_bytes_in_flight: Bytes = Field(48 << 20, alias="CORE_MAX_BYTES_IN_FLIGHT")
    """Maximum total size of the request bodies above 64 KiB in memory, in bytes"""
    metrics_port: int = Field(0, alias="CORE_METRICS_PORT", ge=0, le=65535)
    """Port of Prometheus metrics; 0 disables them"""
