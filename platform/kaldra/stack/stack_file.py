"""Stack files read without Pulumi, for the command line and for rendering."""

from pathlib import Path
from typing import Any

import yaml

from kaldra.errors import ConfigurationError
from kaldra.stack.config_errors import SECRETS, missing, wrong
from kaldra.stack.setting_types import NAMESPACE

UNREAD = "encrypted, unread here"
"""Placeholder for a secret that is encrypted or not set yet."""


class _Loader(yaml.SafeLoader):
    """Refuses a repeated key, as Pulumi does; PyYAML takes the last value."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        first: dict[str, int] = {}
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            line = key.start_mark.line + 1
            if key.value in first:
                raise ConfigurationError(
                    f"{Path(key.start_mark.name).name} sets {key.value} twice, in line "
                    f"{first[key.value]} and in line {line}.",
                    hint="Remove one of them.",
                )
            first[key.value] = line
        return node


def values(stack: str, repo: Path) -> dict[str, Any]:
    """Settings of `Pulumi.<stack>.yaml` by key without namespace; secrets are UNREAD.

    Missing secrets that staging requires are UNREAD too: only the program can decrypt and check
    them. Raises ConfigurationError if the file is missing or invalid.
    """
    config = _config(stack, repo)
    found = {key: _unread(value) for key, value in config.items() if not _is_encrypted(value)}
    if found.get("target") != "staging":
        return found
    _require_encryption(found, f"Pulumi.{stack}.yaml")
    return _with_secrets(found)


def require_secrets(stack: str, repo: Path) -> None:
    """Raise ConfigurationError if a staging stack lacks a secret, before anything is built.

    Only the presence of secrets is checked; the program, which can decrypt, checks their values.
    """
    config, name = _config(stack, repo), f"Pulumi.{stack}.yaml"
    if config.get("target") != "staging":
        return
    registry = config.get("registry") or {}
    for account in ["pull"] if config.get("imageDigests") else ["pull", "push"]:
        given = registry.get(account)
        for part in () if _is_encrypted(given) else ("password", "username"):
            if not (isinstance(given, dict) and given.get(part)):
                raise missing(f"registry.{account}.{part}", name)
    if not config.get("apiKeys"):
        raise missing("apiKeys", name)


def _config(stack: str, repo: Path) -> dict[str, Any]:
    """The stack file's settings, unprocessed, by key without namespace."""
    prefix = f"{NAMESPACE}:"
    config = document(stack, repo).get("config") or {}
    if not isinstance(config, dict):
        reason = "`config` must be a mapping of keys to values"
        raise ConfigurationError(f"Pulumi.{stack}.yaml is wrong: {reason}.")
    return {k.removeprefix(prefix): v for k, v in config.items() if k.startswith(prefix)}


def _require_encryption(found: dict[str, Any], name: str, prefix: str = "") -> None:
    """Reject a secret in plain text: the file is in git."""
    for key, value in found.items():
        path = f"{prefix}{key}"
        if isinstance(value, dict):
            _require_encryption(value, name, f"{path}.")
        elif value not in (UNREAD, None) and _is_or_holds_secret(path):
            raise wrong(path, name, "it is in plain text and must be encrypted")


def _is_or_holds_secret(path: str) -> bool:
    return any(f"{path}.".startswith(f"{s}.") or s.startswith(f"{path}.") for s in SECRETS)


def _with_secrets(found: dict[str, Any]) -> dict[str, Any]:
    registry = found.get("registry") or {}
    for account in ("push", "pull"):
        given = registry.get(account)
        own = given if isinstance(given, dict) else {}
        registry = {**registry, account: {"username": UNREAD, "password": UNREAD, **own}}
    return {"apiKeys": {"unread": UNREAD}, **found, "registry": registry}


def document(stack: str, repo: Path) -> dict[str, Any]:
    """What `Pulumi.<stack>.yaml` holds, unprocessed; raises ConfigurationError if it is invalid."""
    name = f"Pulumi.{stack}.yaml"
    path = repo / name
    if not path.is_file():
        known = sorted(p.name.split(".")[1] for p in repo.glob("Pulumi.*.yaml") if p.is_file())
        raise ConfigurationError(
            f"Stack {stack!r} does not exist: {name} was not found.",
            hint=f"Choose one of: {', '.join(known)} (option --stack).",
        )
    try:
        with path.open(encoding="utf-8") as file:
            found = yaml.load(file, _Loader)  # noqa: S506  a SafeLoader
    except UnicodeDecodeError:
        raise ConfigurationError(f"{name} is not UTF-8 text.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise ConfigurationError(f"{name} is not valid YAML{where}.") from None
    return found if isinstance(found, dict) else {}


def _is_encrypted(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"secure"}


def _unread(value: Any) -> Any:
    """The object with placeholders for encrypted entries."""
    if isinstance(value, dict):
        return {k: UNREAD if _is_encrypted(v) else _unread(v) for k, v in value.items()}
    return value
