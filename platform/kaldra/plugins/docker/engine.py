"""The Docker Engine's HTTP API over its socket: what the plugin asks of it, no SDK."""

import base64
import contextlib
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from kaldra.errors import KaldraError
from kaldra.plugins.docker.address import Address

_TIMEOUT_SECONDS = 120.0
"""For one answer: the engine creates, stops and deletes within it, or something is wrong."""

_CANCEL_CHECK_SECONDS = 0.2
_LOG_HEADER_BYTES = 8


class EngineError(KaldraError):
    """The engine answered, with a refusal; `status` is the HTTP status."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class UnreachableError(KaldraError):
    """No engine answers at the address."""

    def __init__(self, address: Address, cause: object) -> None:
        super().__init__(
            f"No Docker Engine answers at {address.host}: {cause}.", hint="./kaldra doctor"
        )


class CancelledError(KaldraError):
    """The user gave up."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Cancelled {what}.")


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("docker", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Engine:
    """Calls one engine; a connection per call, so calls from many threads do not meet."""

    def __init__(self, address: Address, cancelled: threading.Event) -> None:
        self.address = address
        self._cancelled = cancelled

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        timeout: float = _TIMEOUT_SECONDS,
        **query: Any,
    ) -> Any:
        """Ask, and return the answer's JSON (None when it is empty).

        EngineError when the engine refuses, UnreachableError when there is none.
        """
        with self._open(method, path, body, query, timeout=timeout) as response:
            content = response.read()
        return json.loads(content) if content.strip() else None

    def find(self, path: str, **query: Any) -> Any:
        """Ask for something that may not be there: its JSON, or None."""
        try:
            return self.call("GET", path, **query)
        except EngineError as error:
            if error.status == http.HTTPStatus.NOT_FOUND:
                return None
            raise

    def remove(self, path: str, **query: Any) -> None:
        """Delete something; fine when it is gone or on its way out."""
        try:
            self.call("DELETE", path, **query)
        except EngineError as error:
            going = error.status == http.HTTPStatus.CONFLICT and "in progress" in error.reason
            if error.status != http.HTTPStatus.NOT_FOUND and not going:
                raise

    def stream(
        self,
        path: str,
        what: str,
        *,
        auth: Mapping[str, str] | None = None,
        hint: str = "",
        **query: Any,
    ) -> Iterator[dict[str, Any]]:
        """Start work that reports as it goes; yields its messages.

        `what` names it in errors ("pushing NAME"), `hint` is what to do about one. `auth` are a
        registry's credentials.
        """
        coded = base64.urlsafe_b64encode(json.dumps(dict(auth or {})).encode()).decode()
        headers = {"X-Registry-Auth": coded}
        with self._open("POST", path, None, query, headers=headers, what=what) as response:
            for line in response:
                message = json.loads(line)
                if "error" in message:
                    text = f"{what[0].upper()}{what[1:]} failed: {message['error']}"
                    raise KaldraError(text, hint=hint)
                yield message

    def logs(self, container: str, lines: int) -> list[str]:
        """The last lines a container wrote, oldest first; [] when they cannot be had."""
        path = f"/containers/{quote(container)}/logs"
        query = {"stdout": 1, "stderr": 1, "tail": lines}
        try:
            with self._open("GET", path, None, query) as response:
                content = response.read()
        except EngineError:
            return []
        return _plain(content).decode(errors="replace").splitlines()[-lines:]

    @contextlib.contextmanager
    def _open(  # noqa: PLR0913  what a request consists of
        self,
        method: str,
        path: str,
        body: Any,
        query: Mapping[str, Any],
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = _TIMEOUT_SECONDS,
        what: str = "",
    ) -> Iterator[http.client.HTTPResponse]:
        connection = self._connection(timeout)
        done = threading.Event()
        target = path + (f"?{urlencode(_query(query))}" if query else "")
        sent, kind = _body(body)
        try:
            connection.connect()
            if what:
                watch = threading.Thread(target=self._interrupt, args=(connection, done))
                watch.daemon = True
                watch.start()
            connection.request(method, target, sent, {**kind, **(headers or {})})
            response = connection.getresponse()
            if response.status >= http.HTTPStatus.BAD_REQUEST:
                raise EngineError(response.status, _reason(response.read()))
            yield response
        except (OSError, http.client.HTTPException) as error:
            if self._cancelled.is_set() and what:
                raise CancelledError(what) from error
            raise UnreachableError(self.address, error) from error
        finally:
            done.set()
            connection.close()

    def _interrupt(self, connection: http.client.HTTPConnection, done: threading.Event) -> None:
        while not done.wait(_CANCEL_CHECK_SECONDS):
            if self._cancelled.is_set():
                with contextlib.suppress(OSError, AttributeError):
                    connection.sock.shutdown(socket.SHUT_RDWR)
                return

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        parts = urlsplit(self.address.host)
        if parts.scheme == "unix":
            return _UnixConnection(parts.path, timeout)
        name, port = parts.hostname or "localhost", parts.port
        if self.address.certificates is None:
            return http.client.HTTPConnection(name, port or 2375, timeout=timeout)
        tls = _tls(self.address.certificates)
        return http.client.HTTPSConnection(name, port or 2376, timeout=timeout, context=tls)


def _tls(certificates: Path) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=certificates / "ca.pem")
        context.load_cert_chain(certificates / "cert.pem", certificates / "key.pem")
    except OSError as error:
        raise KaldraError(
            f"The Docker certificates in {certificates} cannot be used: {error}",
            hint="It must hold ca.pem, cert.pem and key.pem.",
        ) from error
    return context


def _query(query: Mapping[str, Any]) -> dict[str, str]:
    values = {key: int(value) if isinstance(value, bool) else value for key, value in query.items()}
    return {
        key: json.dumps(value) if isinstance(value, (dict, list)) else str(value)
        for key, value in values.items()
    }


def _body(body: Any) -> tuple[bytes | None, dict[str, str]]:
    if body is None:
        return None, {}
    if isinstance(body, bytes):
        return body, {"Content-Type": "application/x-tar"}
    return json.dumps(body).encode(), {"Content-Type": "application/json"}


def _reason(content: bytes) -> str:
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return str(json.loads(content)["message"])
    return content.decode(errors="replace").strip() or "no reason given"


def _plain(content: bytes) -> bytes:
    """Logs without the frame headers that tell standard output from standard error."""
    if not content or content[0] > 2 or content[1:4] != b"\0\0\0":
        return content  # of a terminal: no frames
    plain, position = b"", 0
    while position + _LOG_HEADER_BYTES <= len(content):
        start = position + _LOG_HEADER_BYTES
        size = int.from_bytes(content[position + 4 : start], "big")
        plain += content[start : start + size]
        position = start + size
    return plain
