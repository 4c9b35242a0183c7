"""Messages to the user, through the engine."""

import base64
import contextlib
import threading
import time
from collections.abc import Iterable

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

_MASK = "[secret]"
_SHORTEST_MASKED = 6
"""Shorter strings ("true", "8000") are too common in messages to be masked in them."""
_STATUS_SECONDS = 0.5


class Messages:
    """Sends messages; the secrets of all resources are masked in them."""

    def __init__(self, address: str) -> None:
        self._engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))
        self._lock = threading.Lock()
        self._secrets: set[str] = set()
        self._next_status: dict[str, float] = {}

    def keep_secret(self, texts: Iterable[str]) -> None:
        """Mask these strings, the values of `NAME=value`, and their base64, from now on."""
        for text in texts:
            for secret in (text, text.partition("=")[2]):
                if len(secret) >= _SHORTEST_MASKED:
                    coded = base64.b64encode(secret.encode()).decode()
                    with self._lock:
                        self._secrets.update((secret, secret.strip(), coded))

    def mask(self, text: str) -> str:
        """`text` without the strings that are known to be secret."""
        with self._lock:
            known = sorted(self._secrets, key=len, reverse=True)
        for secret in known:
            text = text.replace(secret, _MASK)
        return text

    def status(self, urn: str, text: str) -> None:
        """Show what a resource is doing, at most twice a second; the next status replaces it."""
        now = time.monotonic()
        with self._lock:
            if now < self._next_status.get(urn, 0.0):
                return
            self._next_status[urn] = now + _STATUS_SECONDS
        self._send(urn, text, ephemeral=True)

    def info(self, urn: str, text: str) -> None:
        """Leave a message under a resource's name."""
        self._send(urn, text, ephemeral=False)

    def _send(self, urn: str, text: str, *, ephemeral: bool) -> None:
        request = engine_pb2.LogRequest(
            severity=engine_pb2.INFO, message=self.mask(text), urn=urn, ephemeral=ephemeral
        )
        # A message that cannot be delivered must not fail the work it is about.
        with contextlib.suppress(grpc.RpcError):
            self._engine.Log(request, timeout=5)
