"""Who may call: named keys from mounted files, compared in constant time."""

import hashlib
import hmac
import logging
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

from app.settings import Settings
from serving.errors import ApiError
from serving.settings import SettingsError
from serving.special_file import is_special

HEADER = "X-API-Key"
SHORTEST_KEY = 16
LONGEST_KEY = 8192
"""A large file in the place of a key would be read while every request waits."""

CHECK_SECONDS = 5
"""How often the files of the keys are read."""


logger = logging.getLogger(__name__)


class Callers:
    """The callers known by their keys; only digests of the keys are kept.

    Keys from a `directory` are read again every few seconds. Raises SettingsError where they cannot
    be read at first.
    """

    def __init__(
        self, directory: Path | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._checked = clock()
        self._digests = _digests(directory) if directory else {}
        self._problem = ""

    def identify(self, key: str | None) -> str:
        """Name of the caller with this key.

        Takes the same time for every wrong key. Raises ApiError 401.
        """
        self._refresh()
        presented = _digest((key or "").strip(" \t"))
        found = [n for n, d in self._digests.items() if hmac.compare_digest(presented, d)]
        if not found:
            problem = f"The key in {HEADER} is not known." if key else f"{HEADER} is missing."
            raise ApiError(
                HTTPStatus.UNAUTHORIZED,
                "unauthorized",
                problem,
                headers={"WWW-Authenticate": f'ApiKey header="{HEADER}"'},
            )
        return found[0]

    def _refresh(self) -> None:
        """Read the keys again; those that cannot be read leave the old ones in place."""
        now = self._clock()
        if self._directory is None or now - self._checked < CHECK_SECONDS:
            return
        self._checked = now
        digests, problem = self._digests, ""
        try:
            digests = _digests(self._directory)
        except SettingsError as error:
            problem = str(error)
        if problem and problem != self._problem:
            logger.error("changed keys are not used", extra={"fields": {"reason": problem}})
        elif digests != self._digests:
            logger.info("keys read again", extra={"fields": {"callers": sorted(digests)}})
        self._digests, self._problem = digests, problem


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
    return Callers(settings.api_keys_directory)


def _digests(directory: Path) -> dict[str, bytes]:
    """Digests of the keys by caller; entries that start with a dot are Kubernetes' own."""
    variable = "KALDRA_API_KEYS_DIR"
    try:
        files = [p for p in sorted(directory.iterdir()) if not p.name.startswith(".")]
        if special := [path.name for path in files if is_special(path)]:
            raise SettingsError(f"{variable}: {special[0]!r} in {directory} is not a regular file")
        keys = {path.name: _key(path) for path in files}
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
        if len(key) > LONGEST_KEY:
            raise SettingsError(
                f"{variable}: the key of {name!r} is longer than {LONGEST_KEY} characters"
            )
    if len(set(keys.values())) < len(keys):
        raise SettingsError(f"{variable}: two callers have the same key")
    return {name: _digest(key) for name, key in keys.items()}


def _key(path: Path) -> str:
    with path.open(encoding="ascii") as file:
        return file.read(LONGEST_KEY + 2).strip()  # with the end of a line


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
