"""Configuration errors of a stack: key, stack file, and the command that fixes it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kaldra.errors import ConfigurationError
from kaldra.stack.setting_types import NAMESPACE

if TYPE_CHECKING:
    from pydantic import ValidationError

SECRETS = ("apiKeys", "registry.pull.password", "registry.push.password")
"""Settings, or entries of them, whose values are secret."""

_NAME = "[key]"
"""How pydantic locates the name of an entry, in front of which it has the name itself."""
_GATEWAY = ("corsOrigins", "allowedHosts", "trustedProxies", "rateLimit", "coreTimeoutSeconds")
_INGRESS = ("host", "class", "tlsSecret", "issuer", "annotations", "namespace", "networks")
RENAMED = {
    "cpuTarget": "autoscaling.targetCpuUtilization",
    "imageRegistry": "registry.address",
    **{f"registry{key.capitalize()}": f"registry.{key}" for key in ("push", "pull")},
    **{
        f"{service}{key[0].upper()}{key[1:]}": f"services.{service}.{key}"
        for service in ("core", "api")
        for key in ("replicas", "maxReplicas", "resources")
    },
    **{f"ingress{key[0].upper()}{key[1:]}": f"ingress.{key}" for key in _INGRESS},
    **{key: f"gateway.{key}" for key in _GATEWAY},
}
"""Former key → where the setting is now."""


def missing(path: str, stack_file: str) -> ConfigurationError:
    """A required setting is missing."""
    return ConfigurationError(
        f"Setting {NAMESPACE}:{path} is missing from {stack_file}.", hint=_way_out(path, stack_file)
    )


def wrong(path: str, stack_file: str, reason: str) -> ConfigurationError:
    """A setting has an invalid value; the reason never contains a secret."""
    hint = _way_out(path, stack_file)
    return ConfigurationError(
        f"Setting {NAMESPACE}:{path} in {stack_file} is wrong: {reason}.",
        hint=f"Remove it from {stack_file}, then: {hint}" if _is_secret(path) else hint,
    )


def _way_out(path: str, stack_file: str) -> str:
    """How to set it. `./kaldra env` refuses wrong settings as well, except for missing secrets."""
    if not _is_secret(path):
        return f"Edit {stack_file}: docs/reference/stack-settings.md describes every setting."
    stack = stack_file.removeprefix("Pulumi.").removesuffix(".yaml")
    name = "apiKeys.NAME" if path == "apiKeys" else path
    environment = f'eval "$(./kaldra env --stack {stack})"'
    return f"{environment} && pulumi config set --secret --path {NAMESPACE}:{name}"


def explained(
    error: "ValidationError", stack_file: str, known: Sequence[str]
) -> ConfigurationError:
    """The first validation error as a message; never contains the value."""
    faults = error.errors(include_url=False, include_input=False)
    unknown = [str(each["loc"][0]) for each in faults if each["type"] == "extra_forbidden"]
    if former := [key for key in unknown if key in RENAMED]:
        return _renamed(former, stack_file)
    fault = faults[0]
    path = ".".join(str(part) for part in fault["loc"] if part != _NAME)
    if fault["loc"][-1:] == (_NAME,):
        return ConfigurationError(
            f"Setting {NAMESPACE}:{path} in {stack_file} has a wrong name: {_reason(fault)}.",
            hint=f"Rename it in {stack_file}.",
        )
    if fault["type"] == "extra_forbidden":
        return _unknown(path, stack_file, known)
    if fault["type"] == "missing":
        return missing(path, stack_file)
    if not fault["loc"]:
        return ConfigurationError(f"{stack_file}: {_reason(fault)}.", hint=f"Edit {stack_file}.")
    return wrong(path, stack_file, _reason(fault))


def _renamed(former: Sequence[str], stack_file: str) -> ConfigurationError:
    now = "; ".join(f"{NAMESPACE}:{key} is now {NAMESPACE}:{RENAMED[key]}" for key in former)
    return ConfigurationError(
        f"{stack_file} has former names of settings: {now}.", hint=f"Rename them in {stack_file}."
    )


def _unknown(path: str, stack_file: str, known: Sequence[str]) -> ConfigurationError:
    import difflib  # noqa: PLC0415  only needed for errors

    near = difflib.get_close_matches(path, known, n=1)
    meant = f" Did you mean {NAMESPACE}:{near[0]}?" if near else ""
    return ConfigurationError(
        f"Unknown setting {NAMESPACE}:{path} in {stack_file}.{meant}",
        hint=f"Rename or remove it in {stack_file}.",
    )


def _is_secret(path: str) -> bool:
    return any(path == name or path.startswith(f"{name}.") for name in SECRETS)


def _reason(fault: Mapping[str, Any]) -> str:
    reason = str(fault["msg"]).removeprefix("Value error, ")
    return reason[:1].lower() + reason[1:]
