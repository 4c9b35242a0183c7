"""A stack's file read without Pulumi: for the command line, and for what needs no secrets."""

from pathlib import Path
from typing import Any

import yaml

from kaldra.errors import ConfigurationError
from kaldra.stack.config_errors import SECRETS, missing, wrong
from kaldra.stack.setting_types import NAMESPACE

UNREAD = "encrypted, unread here"
"""What stands for a secret that is encrypted, or that a staging stack does not have yet."""


def values(stack: str, repo: Path) -> dict[str, Any]:
    """Settings as `Pulumi.<stack>.yaml` has them, by key without namespace; secrets are UNREAD.

    Secrets that staging requires are UNREAD where they are missing, too: only the program, which
    can decrypt, knows what it has. Raises ConfigurationError where the file is missing or broken.
    """
    config = _config(stack, repo)
    found = {key: _unread(value) for key, value in config.items() if not _is_encrypted(value)}
    if found.get("target") != "staging":
        return found
    _require_encryption(found, f"Pulumi.{stack}.yaml")
    return _with_secrets(found)


def require_secrets(stack: str, repo: Path) -> None:
    """Raise ConfigurationError where a staging stack lacks a secret: told before anything is built.

    The file tells that a secret is there; what it is worth the program checks, which can decrypt.
    """
    config, name = _config(stack, repo), f"Pulumi.{stack}.yaml"
    if config.get("target") != "staging":
        return
    accounts = ["registryPull"] if config.get("imageDigests") else ["registryPull", "registryPush"]
    for account in accounts:
        given = config.get(account)
        for part in () if _is_encrypted(given) else ("password", "username"):
            if not (isinstance(given, dict) and given.get(part)):
                raise missing(f"{account}.{part}", name)
    if not config.get("apiKeys"):
        raise missing("apiKeys", name)


def _config(stack: str, repo: Path) -> dict[str, Any]:
    """The stack's own settings, as they are written, by key without namespace."""
    prefix = f"{NAMESPACE}:"
    config = _document(stack, repo).get("config") or {}
    return {k.removeprefix(prefix): v for k, v in config.items() if k.startswith(prefix)}


def _require_encryption(found: dict[str, Any], name: str) -> None:
    """Refuse a secret in plain text: the file is in git."""
    for path in SECRETS:
        key, _, inner = path.partition(".")
        group = found.get(key)
        if isinstance(group, str):
            raise wrong(key, name, "it is there in plain text, not encrypted")
        entries = group if isinstance(group, dict) else {}
        for entry, value in entries.items():
            if value != UNREAD and inner in ("", entry):
                raise wrong(f"{key}.{entry}", name, "it is there in plain text, not encrypted")


def _with_secrets(found: dict[str, Any]) -> dict[str, Any]:
    secrets = {
        "apiKeys": {"unread": UNREAD},
        "registryPush": {"username": UNREAD, "password": UNREAD},
        "registryPull": {"username": UNREAD, "password": UNREAD},
    }
    for key, stands_in in secrets.items():
        given = found.get(key)
        if given is None:
            found[key] = stands_in
        elif key != "apiKeys" and isinstance(given, dict):
            found[key] = {**stands_in, **given}
    return found


def _document(stack: str, repo: Path) -> dict[str, Any]:
    name = f"Pulumi.{stack}.yaml"
    path = repo / name
    if not path.is_file():
        known = sorted(p.name.split(".")[1] for p in repo.glob("Pulumi.*.yaml"))
        raise ConfigurationError(
            f"There is no stack {stack!r}: {name} does not exist.",
            hint=f"Choose one of: {', '.join(known)} (option --stack).",
        )
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise ConfigurationError(f"{name} is not valid YAML{where}.") from None
    return document if isinstance(document, dict) else {}


def _is_encrypted(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"secure"}


def _unread(value: Any) -> Any:
    """Stand-ins for encrypted entries of an object."""
    if isinstance(value, dict):
        return {k: UNREAD if _is_encrypted(v) else _unread(v) for k, v in value.items()}
    return value
