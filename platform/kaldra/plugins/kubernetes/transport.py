"""Connections to one API server: TLS, credentials, and a pool of kept-alive connections."""

import base64
import http.client
import json
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kaldra import variables
from kaldra.errors import ConfigurationError
from kaldra.plugins.kubernetes.kubeconfig import Access, User, exec_request

_CONNECT_SECONDS = 5.0
_IDLE_CONNECTIONS = 32
_TOKEN_FILE_SECONDS = 60.0


class TransportError(Exception):
    """The server could not be reached; `lasting` when trying again is no use."""

    def __init__(self, error: Exception) -> None:
        said = getattr(error, "verify_message", "") or getattr(error, "strerror", "")
        super().__init__(said or str(error) or type(error).__name__)
        self.lasting = isinstance(error, ssl.SSLError)


class Transport:
    """Sends requests; raises TransportError where the server cannot be reached."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._url = urlsplit(access.cluster.server)
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()
        self._tls: ssl.SSLContext | None = None
        self._token = ""
        self._token_until = 0.0

    def send(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str], timeout: float
    ) -> tuple[int, list[str], bytes]:
        """Send one request; returns status, warnings and body."""
        headers = {**headers, **self._authorization(), "User-Agent": "kaldra-kubernetes-plugin"}
        path = self._url.path.rstrip("/") + path
        while True:
            connection, kept = self._take()
            try:
                if connection.sock is None:
                    connection.connect()
                connection.sock.settimeout(timeout)
                connection.request(method, path, body, headers)
                response = connection.getresponse()
                content = response.read()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                # The server may have closed a kept connection just now; that is no failure.
                if kept and isinstance(error, (ConnectionError, http.client.BadStatusLine)):
                    continue
                raise TransportError(error) from None
            self._give_back(connection, reusable=not response.will_close)
            return response.status, response.headers.get_all("Warning") or [], content

    def forget_credentials(self) -> None:
        """Ask for credentials anew on the next request."""
        with self._lock:
            self._token_until = 0.0

    def close(self) -> None:
        """Close the connections kept alive."""
        with self._lock:
            while self._idle:
                self._idle.pop().close()

    def _take(self) -> tuple[http.client.HTTPConnection, bool]:
        with self._lock:
            if self._idle:
                return self._idle.pop(), True
        return self._connection(), False

    def _give_back(self, connection: http.client.HTTPConnection, *, reusable: bool) -> None:
        with self._lock:
            if reusable and len(self._idle) < _IDLE_CONNECTIONS:
                self._idle.append(connection)
                return
        connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._url.hostname or "", self._url.port
        proxy = urlsplit(self._access.cluster.proxy or _ambient_proxy(self._url.scheme, host))
        at, through = (proxy.hostname, proxy.port) if proxy.hostname else (host, port)
        connection: http.client.HTTPConnection
        if self._url.scheme == "https":
            connection = _Https(
                at or "",
                through,
                timeout=_CONNECT_SECONDS,
                context=self._context(),
                name=self._access.cluster.server_name or host,
            )
        else:
            connection = http.client.HTTPConnection(at or "", through, timeout=_CONNECT_SECONDS)
        if proxy.hostname:
            connection.set_tunnel(host, port or (443 if self._url.scheme == "https" else 80))
        return connection

    def _context(self) -> ssl.SSLContext:
        with self._lock:
            if self._tls is None:
                self._tls = _tls(self._access)
            return self._tls

    def _authorization(self) -> dict[str, str]:
        user = self._access.user
        if user.username:
            pair = f"{user.username}:{user.password}".encode()
            return {"Authorization": "Basic " + base64.b64encode(pair).decode()}
        token = self._bearer(user)
        return {"Authorization": f"Bearer {token}"} if token else {}

    def _bearer(self, user: User) -> str:
        if user.token:
            return user.token
        if not (user.token_file or user.command):
            return ""
        with self._lock:
            if time.monotonic() >= self._token_until:
                if user.token_file:
                    self._token = Path(user.token_file).read_text(encoding="utf-8").strip()
                    self._token_until = time.monotonic() + _TOKEN_FILE_SECONDS
                else:
                    self._token = _ask(user)
                    self._token_until = time.monotonic() + _TOKEN_FILE_SECONDS
            return self._token


class _Https(http.client.HTTPSConnection):
    """HTTPS to an address whose certificate may carry another name."""

    def __init__(
        self, host: str, port: int | None, *, timeout: float, context: ssl.SSLContext, name: str
    ) -> None:
        super().__init__(host, port, timeout=timeout, context=context)
        self._tls, self._name = context, name

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = self._tls.wrap_socket(self.sock, server_hostname=self._name)


def _tls(access: Access) -> ssl.SSLContext:
    cluster, user = access.cluster, access.user
    context = ssl.create_default_context(cadata=cluster.authority.decode() or None)
    if not cluster.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if user.certificate:
        # The ssl module reads keys from files only; this one is the owner's alone, and short-lived.
        with tempfile.NamedTemporaryFile() as file:
            file.write(user.certificate + b"\n" + user.key)
            file.flush()
            try:
                context.load_cert_chain(file.name)
            except ssl.SSLError as error:
                raise ConfigurationError(
                    f"The client certificate of context {access.context} is not valid: {error}"
                ) from None
    return context


def _ask(user: User) -> str:
    command, variables = exec_request(user)
    try:
        result = subprocess.run(  # noqa: S603  the user's own kubeconfig names the program
            command, env=variables, capture_output=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        hint = str(user.command.get("installHint") or "")
        raise ConfigurationError(f"Credential program {command[0]}: {error}", hint=hint) from None
    if result.returncode:
        said = result.stderr.decode(errors="replace").strip()[-500:]
        raise ConfigurationError(f"Credential program {command[0]} failed: {said}")
    status: dict[str, Any] = json.loads(result.stdout).get("status") or {}
    return str(status.get("token") or "")


def _ambient_proxy(scheme: str, host: str) -> str:
    names = (f"{scheme}_proxy", f"{scheme.upper()}_PROXY")
    if not any(proxy.value for proxy in variables.PROXIES if proxy.name in names):
        return ""
    from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415  slow to import

    return "" if proxy_bypass(host) else getproxies().get(scheme, "")
