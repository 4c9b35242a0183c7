"""Secrets of a stack: from Pulumi's encrypted configuration, or made once for a dev stack."""

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
"""Name of the caller whose key a dev stack makes for itself."""


def contents(settings: Settings) -> dict[str, dict[str, str]]:
    """Entries of each secret of the stack, by its name, in plain text: mark them as secret."""
    return {API_KEYS: api_keys(settings)}


def api_keys(settings: Settings) -> dict[str, str]:
    """Keys of the gateway's callers by name; whoever declares them marks them secret."""
    if settings.api_keys:
        return {name: key.get_secret_value() for name, key in settings.api_keys.items()}
    return {DEV_CALLER: _own_key(dev_secrets_file())}


def as_directory(name: str, entries: Mapping[str, str]) -> Path:
    """Write `entries` as files that a container may mount; new content is a new directory.

    The parent is open to its owner alone, the files inside to whoever got the mount.
    """
    digest = hashlib.sha256(json.dumps(entries, sort_keys=True).encode()).hexdigest()
    parent = state() / "secrets"
    directory = parent / f"{name}-{digest[:12]}"
    for folder, mode in ((parent, 0o700), (directory, 0o755)):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(mode)  # whatever the caller's umask is, or was
    for entry, content in entries.items():
        partial = parent / f".{entry}.{os.getpid()}"
        partial.write_text(content, encoding="utf-8")
        partial.chmod(0o444)
        partial.replace(directory / entry)
    return directory


def dev_secrets_file() -> Path:
    """Where a dev stack keeps the secrets it made: in the clone's state, never in git."""
    return state() / "dev-secrets.json"


def _own_key(path: Path) -> str:
    """Read the dev key, making it on first use (owner-only, complete or absent)."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return str(document["apiKeys"][DEV_CALLER])
    except FileNotFoundError:
        pass
    except (ValueError, KeyError, TypeError):
        raise ConfigurationError(
            f"{path} does not hold a dev key any more.", hint=f"rm {path}"
        ) from None
    path.parent.mkdir(parents=True, exist_ok=True)
    key = secrets.token_urlsafe(32)
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"apiKeys": {DEV_CALLER: key}}, file)
    try:
        os.link(partial, path)
    except FileExistsError:
        return _own_key(path)
    finally:
        partial.unlink()
    return key
