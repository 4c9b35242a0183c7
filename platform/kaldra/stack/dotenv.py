"""`.env` as bare runs and the `local` target take it: checked by the services' own settings.

A value comes from the stack file (`local` only), else from the environment, else from `.env`.
"""

import importlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kaldra.errors import ConfigurationError
from kaldra.paths import REPO
from kaldra.stack.services import SERVICES, Service
from serving.dotenv import EXAMPLE as EXAMPLE  # noqa: PLC0414  for the command line
from serving.dotenv import EnvFile, path_in
from serving.settings import ServiceSettings, SettingsError, name_of

STACK_SETTINGS = {
    "ENV": "environment",
    "KALDRA_LOG_LEVEL": "logLevel",
    "KALDRA_LOG_SPANS": "logSpans",
    "KALDRA_OTLP_ENDPOINT": "otlpEndpoint",
    "KALDRA_TRACE_SAMPLING_RATIO": "traceSamplingRatio",
    "API_PORT": "apiPort",
}
"""Variable → the stack setting that it fills on the `local` target."""

ORIGINS = "KALDRA_CORS_ORIGINS"
"""Fills `gateway.corsOrigins` there."""

OF_THE_CONTAINER = {"KALDRA_HOST", "CORE_PORT", "CORE_SERVICE_URL", "KALDRA_API_KEYS_DIR"}
"""Variables that a container has its own values of."""


def path() -> Path:
    """The clone's `.env`, or the file that KALDRA_ENV_FILE names."""
    return path_in(REPO)


def given() -> dict[str, str]:
    """Variables of the services that the environment or `.env` sets.

    Raises ConfigurationError naming the file, the line and the variable at fault.
    """
    try:
        env = EnvFile.of(REPO)
        for service in SERVICES:
            env.load(settings_of(service))
    except SettingsError as error:
        raise ConfigurationError(
            f"{error}.", hint=f"Correct it; {EXAMPLE} lists every variable."
        ) from None
    found = env.under_environment()
    return {name: found[name] for name in found.keys() & names()}


def completed(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a `local` stack's file, and for those it leaves open the given ones."""
    filled: dict[str, Any] = {**values}
    for name, value in given().items():
        if name == ORIGINS:
            origins = [part.strip() for part in value.split(",")]
            if isinstance(gateway := filled.get("gateway", {}), dict):
                filled["gateway"] = {"corsOrigins": origins, **gateway}
        elif name in STACK_SETTINGS:
            filled.setdefault(STACK_SETTINGS[name], value)
    return filled


def settings_of(service: Service) -> type[ServiceSettings]:
    """The class that declares a service's environment variables."""
    module = importlib.import_module(f"{service.package}.settings")
    found: type[ServiceSettings] = module.Settings
    return found


def for_container(service: Service) -> dict[str, str]:
    """Given variables of a service for its container, such as KALDRA_RATE_LIMIT.

    Those that stand for a stack setting are left out; what a stack file says of others wins.
    """
    own = names(service) - OF_THE_CONTAINER - STACK_SETTINGS.keys() - {ORIGINS}
    return {name: value for name, value in given().items() if name in own}


def origin(name: str) -> str:
    """Where a given variable comes from, for people."""
    return "the environment" if os.environ.get(name) else str(path())


def names(*services: Service) -> set[str]:
    """Every variable of these services, or of all."""
    declared = [settings_of(service) for service in services or SERVICES]
    return {name_of(settings, field) for settings in declared for field in settings.model_fields}
