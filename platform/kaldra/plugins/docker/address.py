"""Where the Docker Engine listens, by the same settings the docker client uses."""

import contextlib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kaldra import variables
from kaldra.errors import ConfigurationError

_DEFAULT = Path("/var/run/docker.sock")
_USERS = (".docker/run/docker.sock", ".docker/desktop/docker.sock", ".colima/docker.sock")
_SCHEMES = ("unix", "tcp", "http")


@dataclass(frozen=True)
class Address:
    """An engine's address as in DOCKER_HOST, and the folder of its TLS certificates if it has."""

    host: str
    certificates: Path | None = None

    def environment(self) -> dict[str, str]:
        """What makes the docker client talk to this engine, and to no other."""
        variables = {"DOCKER_HOST": self.host, "DOCKER_CONTEXT": ""}
        if self.certificates is not None:
            variables |= {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(self.certificates)}
        return variables


def resolve(settings: Mapping[str, Any]) -> Address:
    """The address the provider's settings name, else the environment's, else the usual socket.

    ConfigurationError when it is of a kind that is not supported, or an unknown context.
    """
    host = settings.get("host") or ""
    if not host and settings.get("context"):
        host = _of_context(str(settings["context"]))
    host = host or variables.DOCKER_HOST.value or _found()
    scheme = str(host).partition("://")[0]
    if scheme not in _SCHEMES:
        raise ConfigurationError(
            f"The Docker address {host} is of a kind the substitute docker plugin cannot use.",
            hint="Use a unix:// or tcp:// address: export DOCKER_HOST=unix:///var/run/docker.sock",
        )
    certificates = settings.get("certPath") or variables.DOCKER_CERT_PATH.value
    secured = scheme == "tcp" and certificates
    return Address(str(host), Path(str(certificates)) if secured else None)


def _found() -> str:
    sockets = (_DEFAULT, *(Path.home() / path for path in _USERS))
    return f"unix://{next((path for path in sockets if path.exists()), _DEFAULT)}"


def configuration_directory() -> Path:
    """Where the docker client keeps its settings."""
    return Path(variables.DOCKER_CONFIG.value or Path.home() / ".docker")


def _of_context(name: str) -> str:
    if name == "default":
        return ""
    key = hashlib.sha256(name.encode()).hexdigest()
    meta = configuration_directory() / "contexts" / "meta" / key / "meta.json"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        return str(json.loads(meta.read_text())["Endpoints"]["docker"]["Host"])
    raise ConfigurationError(
        f"There is no docker context {name!r} on this machine.", hint="docker context ls"
    )
