"""The few questions asked of the Docker Engine on every run, over its socket: no process each."""

import http.client
import json
import os
import socket
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from kaldra.errors import KaldraError

SOCKETS = ("/var/run/docker.sock", str(Path.home() / ".docker/run/docker.sock"))
"""Where an engine listens: Linux, Docker Desktop."""

TIMEOUT_SECONDS = 10.0


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("docker", timeout=TIMEOUT_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def address() -> str:
    """The engine's address: DOCKER_HOST, else the first socket that exists, else the usual one."""
    given = os.environ.get("DOCKER_HOST")
    if given:
        return given
    return "unix://" + next((path for path in SOCKETS if Path(path).exists()), SOCKETS[0])


def request(method: str, path: str, *, missing: Any = None) -> Any:
    """Ask the engine; decoded JSON, text for other answers, or `missing` on 404.

    Raises OSError when no engine answers, KaldraError when it refuses.
    """
    connection = _connection(address())
    try:
        connection.request(method, path)
        response = connection.getresponse()
        body = response.read()
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()
    if response.status == http.HTTPStatus.NOT_FOUND:
        return missing
    if response.status >= http.HTTPStatus.BAD_REQUEST:
        text = body.decode(errors="replace").strip()
        raise KaldraError(f"Docker refused {method} {path.partition('?')[0]}: {text}")
    if "json" in (response.getheader("Content-Type") or ""):
        return json.loads(body)
    return body.decode(errors="replace")


def container(name: str) -> dict[str, Any] | None:
    """Inspect a container, or None."""
    found = request("GET", f"/containers/{quote(name)}/json")
    return found if isinstance(found, dict) else None


def image_id(reference: str) -> str | None:
    """Id of a local image, or None."""
    found = request("GET", f"/images/{quote(reference, safe='')}/json")
    return str(found["Id"]) if found else None


def containers(*labels: str, everything: bool = True) -> list[dict[str, Any]]:
    """Containers with all the labels (`key` or `key=value`)."""
    filters = quote(json.dumps({"label": list(labels)} if labels else {}))
    found = request("GET", f"/containers/json?all={int(everything)}&filters={filters}")
    return list(found)


def _connection(where: str) -> http.client.HTTPConnection:
    parts = urlsplit(where)
    if parts.scheme == "unix":
        return _UnixConnection(parts.path)
    if parts.scheme in ("tcp", "http"):
        return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    raise KaldraError(
        f"DOCKER_HOST={where} is of a kind that is not supported here.",
        hint="Use a unix:// or tcp:// address, or: unset DOCKER_HOST",
    )
