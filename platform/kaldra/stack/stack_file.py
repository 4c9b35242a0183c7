"""Stack files read without Pulumi, for the command line and for rendering."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from kaldra.errors import ConfigurationError
from kaldra.stack.config_errors import SECRETS, fault
from kaldra.stack.setting_types import NAMESPACE

UNREAD = "encrypted, unread here"
"""Placeholder for a secret that is encrypted or not set yet."""

_ACCOUNT = {"username": UNREAD, "password": UNREAD}


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


def values(stack: str, repo: Path, *, complete: bool = False) -> dict[str, Any]:
    """Settings of `Pulumi.<stack>.yaml` by key without namespace; encrypted ones are UNREAD.

    So are secrets that staging requires and the file lacks, unless it must be `complete`: only the
    program can decrypt and check them. Raises ConfigurationError if the file is missing or invalid.
    """
    name, prefix = f"Pulumi.{stack}.yaml", f"{NAMESPACE}:"
    config = document(stack, repo).get("config") or {}
    if not isinstance(config, dict):
        reason = "`config` must be a mapping of keys to values"
        raise ConfigurationError(f"{name} is wrong: {reason}.")
    found = {
        key.removeprefix(prefix): _unread(value)
        for key, value in config.items()
        if key.startswith(prefix)
    }
    whole = [key for key, value in found.items() if value == UNREAD]
    found = {key: value for key, value in found.items() if key not in whole}
    if found.get("target") != "staging":
        return found
    for path, value in _leaves(found):
        if value not in (UNREAD, None) and _is_or_holds_secret(path):
            raise fault(path, name, "it is in plain text and must be encrypted")
    if "apiKeys" in whole or not complete:
        found.setdefault("apiKeys", {"unread": UNREAD})
    registry = {**(found.get("registry") or {})}
    for account in ("push", "pull"):
        given = registry.get(account)
        if given == UNREAD:
            registry[account] = _ACCOUNT
        elif not complete:
            registry[account] = _ACCOUNT | (given if isinstance(given, dict) else {})
    return {**found, "registry": registry}


def _unread(value: Any) -> Any:
    """The value with placeholders for what is encrypted."""
    if not isinstance(value, dict):
        return value
    if set(value) == {"secure"}:
        return UNREAD
    return {key: _unread(entry) for key, entry in value.items()}


def _leaves(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        path = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _leaves(value, f"{path}.")
        else:
            yield path, value


def _is_or_holds_secret(path: str) -> bool:
    return any(f"{path}.".startswith(f"{s}.") or s.startswith(f"{path}.") for s in SECRETS)


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
