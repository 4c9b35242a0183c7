"""The docker client: one whose `docker build` can use BuildKit."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from kaldra import variables
from kaldra.errors import ConfigurationError
from kaldra.paths import home

CLIENTS = ("/usr/bin/docker", "/usr/local/bin/docker", "/opt/homebrew/bin/docker")
BUILDX_FOLDERS = (
    "/usr/libexec/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/local/lib/docker/cli-plugins",
)
LAST_CLIENT_WITH_BUILDKIT_INSIDE = 22
"""From Docker 23 on `docker build` needs the buildx plugin for BuildKit."""


def buildkit_client() -> Path | None:
    """The first docker client whose `docker build` can use BuildKit."""
    for candidate in filter(None, (shutil.which("docker"), *CLIENTS)):
        path = Path(candidate)
        if path.is_file() and os.access(path, os.X_OK) and _can_buildkit(path):
            return path
    return None


def require_buildkit_client() -> Path:
    """The same. Raises ConfigurationError where there is none."""
    if client := buildkit_client():
        return client
    raise ConfigurationError(
        "No docker client that can build with BuildKit was found "
        "(a client from version 23 on needs the buildx plugin).",
        hint="Install docker-buildx-plugin, or docker-buildx on Debian; then run the same "
        "command again.",
    )


def _can_buildkit(client: Path) -> bool:
    own = Path(variables.DOCKER_CONFIG.value or "~/.docker").expanduser() / "cli-plugins"
    if any((Path(folder) / "docker-buildx").exists() for folder in (own, *BUILDX_FOLDERS)):
        return True
    major = _major_version(client)
    return major is not None and major <= LAST_CLIENT_WITH_BUILDKIT_INSIDE


def _major_version(client: Path) -> int | None:
    """What the client says of itself; remembered until its file changes."""
    stat = client.stat()
    identity = f"{client} {stat.st_size} {stat.st_mtime_ns}"
    record = home() / "engine" / "clients.json"
    try:
        known = json.loads(record.read_text(encoding="utf-8"))
        if identity in known:
            return int(known[identity])
    except (OSError, ValueError, TypeError):
        known = {}
    said = subprocess.run(  # noqa: S603
        [client, "--version"], capture_output=True, text=True, check=False
    ).stdout
    found = re.search(r"version (\d+)\.", said)
    if found is None:
        return None
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(json.dumps({**known, identity: int(found[1])}), encoding="utf-8")
    return int(found[1])
