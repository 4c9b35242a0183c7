"""What a provider tells the user while it works: through the engine, under the resource's name."""

import base64
import contextlib
import threading
from collections.abc import Iterable
from enum import Enum

import grpc

from kaldra.plugins.protocol import engine_pb2, engine_pb2_grpc

_MASK = "[secret]"
_SHORTEST_MASKED = 6
"""Shorter strings ("true", "8000") are too common in messages to be masked in them."""


class Severity(Enum):
    """How the engine shows a message."""

    DEBUG = engine_pb2.DEBUG
    INFO = engine_pb2.INFO
    WARNING = engine_pb2.WARNING
    ERROR = engine_pb2.ERROR


class Host:
    """The engine's end of the line. Without an address, messages go nowhere."""

    def __init__(self, address: str = "") -> None:
        self._lock = threading.Lock()
        self._secrets: set[str] = set()
        self._warned: set[str] = set()
        self._stub: engine_pb2_grpc.EngineStub | None = None
        self._address = address

    def attach(self, address: str) -> None:
        """Use this engine from now on."""
        with self._lock:
            if address and address != self._address:
                self._address, self._stub = address, None

    def keep_secret(self, texts: Iterable[str]) -> None:
        """Mask these strings, and their base64, in every message from now on."""
        for text in texts:
            if len(text) >= _SHORTEST_MASKED:
                coded = base64.b64encode(text.encode()).decode()
                with self._lock:
                    self._secrets.update((text, text.strip(), coded))

    def mask(self, text: str) -> str:
        """`text` without the strings that are known to be secret."""
        with self._lock:
            known = sorted(self._secrets, key=len, reverse=True)
        for secret in known:
            text = text.replace(secret, _MASK) if secret else text
        return text

    def status(self, urn: str, text: str) -> None:
        """Say what is going on right now; the next status takes its place."""
        self._log(Severity.INFO, text, urn, ephemeral=True)

    def info(self, urn: str, text: str) -> None:
        """Leave a message that stays."""
        self._log(Severity.INFO, text, urn)

    def warn(self, urn: str, text: str) -> None:
        """Leave a warning; an empty `urn` is the whole deployment."""
        self._log(Severity.WARNING, text, urn)

    def warn_once(self, text: str) -> None:
        """Leave a warning about the whole deployment, however often it comes up."""
        with self._lock:
            known = text in self._warned
            self._warned.add(text)
        if not known:
            self.warn("", text)

    def debug(self, urn: str, text: str) -> None:
        """Shown with --debug."""
        self._log(Severity.DEBUG, text, urn)

    def _log(self, severity: Severity, text: str, urn: str, *, ephemeral: bool = False) -> None:
        with self._lock:
            if self._stub is None and self._address:
                self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(self._address))
            stub = self._stub
        if stub is None:
            return
        request = engine_pb2.LogRequest(
            severity=severity.value, message=self.mask(text), urn=urn, ephemeral=ephemeral
        )
        # A message that cannot be delivered must not fail the work it is about.
        with contextlib.suppress(grpc.RpcError):
            stub.Log(request, timeout=5)
