"""Configuration errors of a stack: key, stack file, and the command that fixes it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

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


def fault(path: str, stack_file: str, reason: str = "") -> ConfigurationError:
    """A setting is missing, or wrong for a reason, which never contains a secret.

    `./kaldra env` refuses wrong settings as well, so a wrong secret has to go first.
    """
    hint = f"Edit {stack_file}: docs/reference/stack-settings.md describes every setting."
    secret = any(f"{path}.".startswith(f"{name}.") for name in SECRETS)
    if secret:
        stack = stack_file.removeprefix("Pulumi.").removesuffix(".yaml")
        name = "apiKeys.NAME" if path == "apiKeys" else path
        environment = f'eval "$(./kaldra env --stack {stack})"'
        hint = f"{environment} && pulumi config set --secret --path {NAMESPACE}:{name}"
    if not reason:
        return ConfigurationError(
            f"Setting {NAMESPACE}:{path} is missing from {stack_file}.", hint=hint
        )
    return ConfigurationError(
        f"Setting {NAMESPACE}:{path} in {stack_file} is wrong: {reason}.",
        hint=f"Remove it from {stack_file}, then: {hint}" if secret else hint,
    )


def explained(
    error: "ValidationError", stack_file: str, known: Sequence[str]
) -> ConfigurationError:
    """The first validation error as a message; never contains the value."""
    faults = error.errors(include_url=False, include_input=False)
    unknown = [str(each["loc"][0]) for each in faults if each["type"] == "extra_forbidden"]
    if former := [key for key in unknown if key in RENAMED]:
        now = "; ".join(f"{NAMESPACE}:{key} is now {NAMESPACE}:{RENAMED[key]}" for key in former)
        return ConfigurationError(
            f"{stack_file} has former names of settings: {now}.",
            hint=f"Rename them in {stack_file}.",
        )
    kind, place = faults[0]["type"], faults[0]["loc"]
    path = ".".join(str(part) for part in place if part != _NAME)
    reason = faults[0]["msg"].removeprefix("Value error, ")
    reason = reason[:1].lower() + reason[1:]
    if place[-1:] == (_NAME,):
        return ConfigurationError(
            f"Setting {NAMESPACE}:{path} in {stack_file} has a wrong name: {reason}.",
            hint=f"Rename it in {stack_file}.",
        )
    if kind == "extra_forbidden":
        import difflib  # noqa: PLC0415  only needed for errors

        near = difflib.get_close_matches(path, known, n=1)
        meant = f" Did you mean {NAMESPACE}:{near[0]}?" if near else ""
        return ConfigurationError(
            f"Unknown setting {NAMESPACE}:{path} in {stack_file}.{meant}",
            hint=f"Rename or remove it in {stack_file}.",
        )
    if not place:
        return ConfigurationError(f"{stack_file}: {reason}.", hint=f"Edit {stack_file}.")
    return fault(path, stack_file, "" if kind == "missing" else reason)
