"""Settings read from environment variables: typed, checked once, documented from the code."""

import sys
from collections.abc import Mapping
from typing import Annotated, Literal, NoReturn, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(ge=0, le=3600)]
Bytes = Annotated[int, Field(ge=1024)]
Places = Annotated[int, Field(ge=1, le=10_000)]
Limit = Annotated[int, Field(ge=0)]

WRONG_CONFIGURATION = 2
"""Exit code of a service with an invalid configuration."""


class SettingsError(Exception):
    """A variable is missing or wrong; `str()` names it and says what is expected."""


def refuse(service: str, error: SettingsError) -> NoReturn:
    """Exit a service with an invalid configuration."""
    sys.stderr.write(f"{service}: {error}\n")
    raise SystemExit(WRONG_CONFIGURATION)


class ServiceSettings(BaseModel):
    """Settings of every service; each field's alias is the name of its environment variable."""

    model_config = ConfigDict(frozen=True)

    environment: str = Field("dev", alias="ENV", min_length=1)
    """Name of the environment, included in log records"""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", alias="KALDRA_LOG_LEVEL"
    )
    """Minimum level of log records"""
    log_spans: Literal["on", "off"] = Field("off", alias="KALDRA_LOG_SPANS")
    """`on` logs the spans of each request, for `./kaldra trace`"""
    otlp_endpoint: str | None = Field(
        None, alias="KALDRA_OTLP_ENDPOINT", pattern=r"^https?://[^\s/@]+(/\S*)?$"
    )
    """URL that spans are sent to by OTLP/HTTP, such as http://127.0.0.1:4318; /v1/traces is
    appended"""
    trace_sampling_ratio: float = Field(1, alias="KALDRA_TRACE_SAMPLING_RATIO", ge=0, le=1)
    """Share of the traces that begin here to record; those of a caller are recorded as the caller
    says"""
    host: str = Field("127.0.0.1", alias="KALDRA_HOST")
    """Address to listen on; the images set 0.0.0.0"""
    drain_seconds: Seconds = Field(5, alias="KALDRA_DRAIN_SECONDS")
    """Seconds after SIGTERM during which requests are still accepted while /ready fails"""
    shutdown_seconds: Seconds = Field(25, alias="KALDRA_SHUTDOWN_SECONDS")
    """Maximum seconds from SIGTERM to exit; requests still running then are aborted"""
    most_connections: int = Field(1000, alias="KALDRA_MAX_CONNECTIONS", ge=1, le=100_000)
    """Maximum number of open connections, as far as the limit on open files allows; a new one
    closes the one that has waited longest for its client"""

    @model_validator(mode="after")
    def _time_left_to_finish(self) -> Self:
        if self.shutdown_seconds <= self.drain_seconds:
            raise ValueError("KALDRA_SHUTDOWN_SECONDS must be greater than KALDRA_DRAIN_SECONDS")
        return self

    @classmethod
    def load(cls, environment: Mapping[str, str]) -> Self:
        """Check `environment`; an empty variable counts as unset.

        Raises SettingsError naming the first variable at fault.
        """
        names = [name_of(cls, field) for field in cls.model_fields]
        try:
            return cls.model_validate({n: environment[n] for n in names if environment.get(n)})
        except ValidationError as error:
            raise SettingsError(_explained(error)) from None


def name_of(settings: type[ServiceSettings], field: str) -> str:
    """Name of the variable that a field is read from."""
    return settings.model_fields[field].alias or field


def _explained(error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    text = str(fault["msg"]).removeprefix("Value error, ")
    if not fault["loc"]:
        return text
    return f"{fault['loc'][0]} is wrong: {text[:1].lower()}{text[1:]} (it is {fault['input']!r})"
