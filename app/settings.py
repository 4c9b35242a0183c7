"""Settings of the gateway."""

import re
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from serving.settings import Port, Seconds, ServiceSettings

DEVELOPMENT = ("dev", "local", "test")
"""Values of ENV where callers without a key may be served."""


class Settings(ServiceSettings):
    """What the gateway is told by its environment."""

    port: Port = Field(8000, alias="API_PORT", description="Port to listen on")
    core_url: str = Field(
        "http://127.0.0.1:9000",
        alias="CORE_SERVICE_URL",
        pattern=r"^https?://[^/\s]+/?$",
        description="Where kaldra-core answers",
    )
    core_timeout: Seconds = Field(
        30, alias="CORE_TIMEOUT_SECONDS", description="How long an answer of the core may take"
    )
    auth: Literal["on", "off"] = Field(
        "on",
        alias="KALDRA_AUTH",
        description="`off` serves callers without a key; for development only",
    )
    api_keys_directory: Path | None = Field(
        None,
        alias="KALDRA_API_KEYS_DIR",
        description="Directory of callers' keys, one file each: its name is the caller's",
    )
    rate_limit: int = Field(
        100,
        alias="KALDRA_RATE_LIMIT",
        ge=0,
        description="Requests a caller may make of one process (so of each replica) in a minute; "
        "0 is no limit",
    )
    cors_origins: tuple[str, ...] = Field(
        (),
        alias="KALDRA_CORS_ORIGINS",
        description="Origins of front ends that browsers may call from, such as https://4iam.ai",
    )
    max_body_bytes: int = Field(
        1 << 20,
        alias="KALDRA_MAX_BODY_BYTES",
        ge=1024,
        description="Largest body of a request, in bytes",
    )
    max_batch_bytes: int = Field(
        8 << 20,
        alias="KALDRA_MAX_BATCH_BYTES",
        ge=1024,
        description="Largest body of a request with many texts, in bytes",
    )

    @model_validator(mode="after")
    def _open_to_all_only_in_development(self) -> Self:
        if self.auth == "off" and self.environment not in DEVELOPMENT:
            raise ValueError(f"KALDRA_AUTH=off is refused where ENV is {self.environment!r}")
        return self

    @field_validator("core_url")
    @classmethod
    def _no_trailing_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("cors_origins")
    @classmethod
    def _exact(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        """A wildcard would let every page on the web use a visitor's key."""
        for origin in origins:
            if not re.fullmatch(r"https?://[a-z0-9.-]+(:\d+)?", origin):
                raise ValueError(f"{origin!r} is not an origin like https://example.org")
        return origins
