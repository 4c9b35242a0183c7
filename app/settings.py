"""Settings of the gateway."""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from serving.settings import Port, Seconds, ServiceSettings


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

    @field_validator("core_url")
    @classmethod
    def _no_trailing_slash(cls, value: str) -> str:
        return value.rstrip("/")
