"""Credentials of a registry: the program's own, else those the docker client keeps."""

import base64
import contextlib
import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from kaldra.plugins.docker.address import configuration_directory

_HUB = "https://index.docker.io/v1/"
_HUB_NAMES = ("docker.io", "index.docker.io", "registry-1.docker.io")
_HELPER_SECONDS = 20

Auth = dict[str, str]
"""`username`, `password`, `serveraddress`, as the engine takes them; {} is anonymous."""


def server_of(image: str) -> str:
    """The registry an image name leads to: `localhost:5001` of `localhost:5001/kaldra-api:dev`."""
    first, slash, _ = image.partition("/")
    named = slash and ("." in first or ":" in first or first == "localhost")
    return first if named else "docker.io"


def plain_server(address: str) -> str:
    """A registry's address without scheme and path."""
    return address.removeprefix("https://").removeprefix("http://").split("/", maxsplit=1)[0]


def find(server: str, own: Mapping[str, Any], shared: Sequence[Mapping[str, Any]] = ()) -> Auth:
    """Credentials for a registry.

    `own` holds `username` and `password` of the resource, `shared` the provider's `registryAuth`;
    what neither knows is looked up where `docker login` put it.
    """
    server = plain_server(server)
    address = _HUB if server in _HUB_NAMES else server
    for given in (own, *(item for item in shared if _same(item.get("address"), server))):
        if given.get("username") and given.get("password"):
            user, password = str(given["username"]), str(given["password"])
            return {"username": user, "password": password, "serveraddress": address}
    return _stored(address)


def _same(address: Any, server: str) -> bool:
    known = plain_server(str(address or ""))
    return known == server or (known in _HUB_NAMES and server in _HUB_NAMES)


def _stored(address: str) -> Auth:
    settings: dict[str, Any] = {}
    with contextlib.suppress(OSError, ValueError):
        settings = json.loads((configuration_directory() / "config.json").read_text())
    helper = settings.get("credHelpers", {}).get(address) or settings.get("credsStore")
    if helper:
        return _helped(str(helper), address)
    for name, entry in settings.get("auths", {}).items():
        if name == address or plain_server(name) == address:
            with contextlib.suppress(ValueError):
                user, _, password = base64.b64decode(entry.get("auth", "")).decode().partition(":")
                if user:
                    return {"username": user, "password": password, "serveraddress": address}
    return {}


def _helped(helper: str, address: str) -> Auth:
    program = shutil.which(f"docker-credential-{helper}")
    if program is None:
        return {}
    with contextlib.suppress(OSError, ValueError, KeyError, subprocess.SubprocessError):
        answer = subprocess.run(  # noqa: S603  the helper the user's docker settings name
            [program, "get"],
            input=address,
            capture_output=True,
            text=True,
            timeout=_HELPER_SECONDS,
            check=True,
        )
        found = json.loads(answer.stdout)
        if found["Username"] == "<token>":
            return {"identitytoken": found["Secret"], "serveraddress": address}
        return {
            "username": found["Username"],
            "password": found["Secret"],
            "serveraddress": address,
        }
    return {}
