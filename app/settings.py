"""Settings of the gateway."""

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from serving.settings import Bytes, Limit, Places, Port, Seconds, ServiceSettings

DEVELOPMENT = ("dev", "local", "test")
"""Values of ENV where callers without a key may be served."""


class Settings(ServiceSettings):
    """Settings of the gateway, read from environment variables."""

    port: Port = Field(8000, alias="API_PORT")
    """Port to listen on"""
    metrics_port: int = Field(0, alias="API_METRICS_PORT", ge=0, le=65535)
    """Port of Prometheus metrics, separate from the API's; 0 disables them"""
    core_url: str = Field(
        "http://127.0.0.1:9000", alias="CORE_SERVICE_URL", pattern=r"^https?://[^/\s]+/?$"
    )
    """URL of kaldra-core"""
    core_timeout: Seconds = Field(30, alias="CORE_TIMEOUT_SECONDS")
    """Timeout of a request to the core, in seconds"""
    auth: Literal["on", "off"] = Field("on", alias="KALDRA_AUTH")
    """`off` accepts requests without an API key; for development only"""
    api_keys_directory: Path | None = Field(None, alias="KALDRA_API_KEYS_DIR")
    """Directory with the API keys: one file per caller, named after the caller"""
    rate_limit: Limit = Field(100, alias="KALDRA_RATE_LIMIT")
    """Requests per minute that one process (so each replica) accepts from a caller; 0 disables the
    limit"""
    text_limit: Limit = Field(10_000, alias="KALDRA_TEXT_LIMIT")
    """Texts per minute, in batches and windows, that one process accepts from a caller; 0 disables
    the limit"""
    concurrency: Places = Field(96, alias="KALDRA_CONCURRENCY")
    """Maximum number of concurrent requests to routes that require an API key; further requests are
    rejected with 503"""
    caller_concurrency: Places = Field(32, alias="KALDRA_CALLER_CONCURRENCY")
    """Maximum number of such requests from one caller; further requests are rejected with 429"""
    max_bytes_in_flight: Bytes = Field(48 << 20, alias="KALDRA_MAX_BYTES_IN_FLIGHT")
    """Maximum total size of the request bodies above 64 KiB in memory, in bytes; one caller may use
    half of it"""
    trusted_proxies: tuple[str, ...] = Field((), alias="KALDRA_TRUSTED_PROXIES")
    """Addresses and networks of proxies, such as 10.0.0.0/8, whose X-Forwarded-For and
    X-Forwarded-Proto headers are trusted"""
    allowed_hosts: tuple[str, ...] = Field((), alias="KALDRA_ALLOWED_HOSTS")
    """Host names that requests may address, such as api.4iam.ai; /health and /ready accept any; if
    empty, every name is accepted"""
    cors_origins: tuple[str, ...] = Field((), alias="KALDRA_CORS_ORIGINS")
    """Origins of web front ends that may call the API (CORS), such as https://4iam.ai"""
    max_body_bytes: Bytes = Field(1 << 20, alias="KALDRA_MAX_BODY_BYTES")
    """Maximum size of a request body, in bytes"""
    max_batch_bytes: Bytes = Field(8 << 20, alias="KALDRA_MAX_BATCH_BYTES")
    """Maximum body size of a request with several texts, in bytes"""

    @model_validator(mode="after")
    def _open_to_all_only_in_development(self) -> Self:
        if self.auth == "off" and self.environment not in DEVELOPMENT:
            raise ValueError(f"KALDRA_AUTH=off is refused where ENV is {self.environment!r}")
        return self

    @model_validator(mode="after")
    def _one_caller_may_send_the_largest_batch(self) -> Self:
        if self.max_batch_bytes * 2 > self.max_bytes_in_flight:
            raise ValueError(
                "KALDRA_MAX_BYTES_IN_FLIGHT must be at least twice KALDRA_MAX_BATCH_BYTES"
            )
        return self

    @field_validator("core_url")
    @classmethod
    def _no_trailing_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @field_validator("cors_origins", "trusted_proxies", "allowed_hosts", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in proxies:
            ip_network(proxy)
        return proxies

    @field_validator("allowed_hosts")
    @classmethod
    def _names(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            if not re.fullmatch(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]", host):
                raise ValueError(f"{host!r} is not a host name in lower case, without a port")
        return hosts

    @field_validator("cors_origins")
    @classmethod
    def _exact(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        """A wildcard would let every page on the web use a visitor's key."""
        for origin in origins:
            if not re.fullmatch(r"https?://[a-z0-9.-]+(:\d+)?", origin):
                raise ValueError(f"{origin!r} is not an origin like https://example.org")
        return origins
