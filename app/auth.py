"""Who may call: named keys from mounted files, compared in constant time."""

import hashlib
import hmac
import logging
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

from app.settings import Settings
from serving.errors import ApiError
from serving.settings import SettingsError

HEADER = "X-API-Key"
SHORTEST_KEY = 16

logger = logging.getLogger(__name__)


class Callers:
    """The callers known by their keys; only digests of the keys are kept."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._digests = {name: _digest(key) for name, key in keys.items()}

    def identify(self, key: str | None) -> str:
        """Name of the caller with this key.

        Takes the same time for every wrong key. Raises ApiError 401.
        """
        presented = _digest(key or "")
        found = ""
        for name, digest in self._digests.items():
            if hmac.compare_digest(presented, digest):
                found = name
        if not found:
            problem = f"The key in {HEADER} is not known." if key else f"{HEADER} is missing."
            raise ApiError(
                HTTPStatus.UNAUTHORIZED,
                "unauthorized",
                problem,
                headers={"WWW-Authenticate": f'ApiKey header="{HEADER}"'},
            )
        return found


def load(settings: Settings) -> Callers | None:
    """The callers that `settings` tell of; None where everybody may call.

    Raises SettingsError where the keys cannot be read.
    """
    if settings.auth == "off":
        logger.warning("KALDRA_AUTH=off: every caller is served without a key")
        return None
    if settings.api_keys_directory is None:
        logger.warning(
            "no caller is served: set KALDRA_API_KEYS_DIR, or KALDRA_AUTH=off for development"
        )
        return Callers({})
    return Callers(_read(settings.api_keys_directory))


def _read(directory: Path) -> dict[str, str]:
    """Keys by caller; entries that start with a dot are Kubernetes' own."""
    variable = "KALDRA_API_KEYS_DIR"
    try:
        files = [p for p in sorted(directory.iterdir()) if not p.name.startswith(".")]
        keys = {path.name: path.read_text(encoding="ascii").strip() for path in files}
    except (OSError, UnicodeDecodeError) as error:
        problem = getattr(error, "strerror", None) or "a key is not ASCII text"
        raise SettingsError(f"{variable}: {directory} cannot be read: {problem}") from None
    if not keys:
        raise SettingsError(f"{variable}: {directory} holds no key")
    for name, key in keys.items():
        if len(key) < SHORTEST_KEY:
            raise SettingsError(
                f"{variable}: the key of {name!r} is shorter than {SHORTEST_KEY} characters"
            )
    if len(set(keys.values())) < len(keys):
        raise SettingsError(f"{variable}: two callers have the same key")
    return keys


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
