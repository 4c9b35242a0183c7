"""The few questions asked of the Docker Engine on every run, over its socket: no process each."""

import hashlib
import http.client
import json
import socket
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from kaldra import variables
from kaldra.errors import KaldraError

SOCKETS = ("/var/run/docker.sock", str(Path.home() / ".docker/run/docker.sock"))
"""Where an engine listens: Linux, Docker Desktop."""

TIMEOUT_SECONDS = 10.0


class OverdueError(KaldraError, TimeoutError):
    """The engine took the question, and did not answer in time."""


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("docker", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def address() -> str:
    """The engine's address: DOCKER_HOST, the chosen docker context, or a usual socket."""
    given = variables.DOCKER_HOST.value or _context_host()
    if given:
        return given
    return "unix://" + next((path for path in SOCKETS if Path(path).exists()), SOCKETS[0])


def _context_host() -> str | None:
    """Address in the docker client's current context, unless that is the default one."""
    folder = Path(variables.DOCKER_CONFIG.value or Path.home() / ".docker")
    try:
        chosen = variables.DOCKER_CONTEXT.value or json.loads(
            (folder / "config.json").read_text(encoding="utf-8")
        ).get("currentContext")
        if not chosen or chosen == "default":
            return None
        name = hashlib.sha256(chosen.encode()).hexdigest()
        meta = json.loads(
            (folder / "contexts" / "meta" / name / "meta.json").read_text(encoding="utf-8")
        )
        return str(meta["Endpoints"]["docker"]["Host"])
    except (OSError, ValueError, KeyError):
        return None


def request(
    method: str,
    path: str,
    *,
    body: Any = None,
    missing: Any = None,
    timeout: float = TIMEOUT_SECONDS,
) -> Any:
    """Ask the engine; decoded JSON, bytes of archives, text otherwise, or `missing` on 404.

    `body` is sent as JSON, bytes as an archive. Raises OSError when no engine answers,
    OverdueError (one of both kinds) when it is too slow, KaldraError when it refuses.
    """
    headers = {}
    if isinstance(body, bytes):
        headers["Content-Type"] = "application/x-tar"
    elif body is not None:
        headers["Content-Type"] = "application/json"
        body = json.dumps(body).encode()
    connection = _connection(address(), timeout)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        answer = response.read()
    except TimeoutError:
        raise OverdueError(
            f"The Docker Engine did not answer {method} {path.partition('?')[0]} "
            f"within {timeout:g} s: this machine is overloaded, or the engine hangs.",
            hint="docker info; then run the same command again",
        ) from None
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()
    if response.status == http.HTTPStatus.NOT_FOUND:
        return missing
    if response.status >= http.HTTPStatus.BAD_REQUEST:
        raise KaldraError(f"Docker refused {method} {path.partition('?')[0]}: {_complaint(answer)}")
    kind = response.getheader("Content-Type") or ""
    if "json" in kind:
        return json.loads(answer)
    return answer if "tar" in kind else answer.decode(errors="replace")


def _complaint(answer: bytes) -> str:
    text = answer.decode(errors="replace").strip()
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text


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


def _connection(where: str, timeout: float) -> http.client.HTTPConnection:
    parts = urlsplit(where)
    if parts.scheme == "unix":
        return _UnixConnection(parts.path, timeout)
    if parts.scheme in ("tcp", "http"):
        return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    raise KaldraError(
        f"The Docker Engine's address {where} is of a kind that is not supported here.",
        hint="Use a unix:// or tcp:// address: export DOCKER_HOST=unix:///var/run/docker.sock",
    )
