"""The docker client: one whose `docker build` can use BuildKit."""

import os
import re
import shutil
from pathlib import Path

from kaldra import variables
from kaldra.errors import ConfigurationError
from kaldra.toolchain.commands import captured

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


def docker_program() -> Path:
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
    said = captured([client, "--version"]).stdout
    found = re.search(r"version (\d+)\.", said)
    return found is not None and int(found[1]) <= LAST_CLIENT_WITH_BUILDKIT_INSIDE
