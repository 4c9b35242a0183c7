"""Secrets of a stack: from Pulumi's encrypted configuration, or generated for a dev stack."""

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from kaldra.errors import ConfigurationError
from kaldra.paths import state
from kaldra.stack.services import API_KEYS
from kaldra.stack.settings import Settings

DEV_CALLER = "dev"
"""Name of the caller of the generated key."""


def contents(settings: Settings) -> dict[str, dict[str, str]]:
    """Entries of each secret by name, in plain text; callers must mark them as secret."""
    if not settings.api_keys:
        return {API_KEYS: own_keys()}
    return {API_KEYS: {name: key.get_secret_value() for name, key in settings.api_keys.items()}}


def own_keys() -> dict[str, str]:
    """Keys of a stack that names none: one, made on first use (mode 0600, written atomically)."""
    path = dev_secrets_file()
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return {DEV_CALLER: str(document["apiKeys"][DEV_CALLER])}
    except FileNotFoundError:
        pass
    except (ValueError, KeyError, TypeError):
        raise ConfigurationError(f"{path} does not contain a dev key.", hint=f"rm {path}") from None
    path.parent.mkdir(parents=True, exist_ok=True)
    keys = {DEV_CALLER: secrets.token_urlsafe(32)}
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"apiKeys": keys}, file)
    try:
        os.link(partial, path)
    except FileExistsError:
        return own_keys()
    finally:
        partial.unlink()
    return keys


def as_directory(name: str, entries: Mapping[str, str]) -> Path:
    """Write `entries` as files to mount into a container; new content is a new directory.

    Only the owner can enter the parent; the files are readable by the container's user.
    """
    directory = directory_of(name, entries)
    parent = directory.parent
    for folder, mode in ((parent, 0o700), (directory, 0o755)):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(mode)  # whatever the caller's umask is, or was
    for entry, content in entries.items():
        partial = parent / f".{entry}.{os.getpid()}"
        partial.write_text(content, encoding="utf-8")
        partial.chmod(0o444)
        partial.replace(directory / entry)
    return directory


def directory_of(name: str, entries: Mapping[str, str]) -> Path:
    """Where `as_directory` writes these entries."""
    digest = hashlib.sha256(json.dumps(entries, sort_keys=True).encode()).hexdigest()
    return state() / "secrets" / f"{name}-{digest[:12]}"


def dev_secrets_file() -> Path:
    """File with generated secrets, in the clone's state, never in git."""
    return state() / "dev-secrets.json"
