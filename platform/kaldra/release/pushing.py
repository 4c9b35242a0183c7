"""Registries as docker sees them, with its own credentials, and what a refusal means."""

import re
from collections.abc import Callable

from kaldra.errors import KaldraError
from kaldra.toolchain.commands import run
from kaldra.toolchain.docker_cli import docker_program

_DIGEST = re.compile(r"\b(sha256:[0-9a-f]{64})\b")
_UNREACHABLE = re.compile(
    r"no such host|connection refused|i/o timeout|dial tcp|network is unreachable|"
    r"Client\.Timeout|name resolution|EOF$|server gave HTTP response to HTTPS client|x509:|tls:",
    re.MULTILINE,
)
_REFUSED = re.compile(
    r"unauthorized|denied|no basic auth|authentication required|insufficient_scope|403 Forbidden|"
    r"401 Unauthorized",
    re.IGNORECASE,
)


def docker(
    image: str, *words: str, what: str, each_line: Callable[[str], object] | None = None
) -> str:
    """Output of a docker command that asks the registry of an image.

    KaldraError that tells an unreachable registry from refused credentials.
    """
    try:
        return run([docker_program(), *words], what=what, each_line=each_line)
    except KaldraError as error:
        said, host = str(error), image.partition("/")[0]
        # Refused first: a registry that answers so was reached.
        if _REFUSED.search(said):
            raise KaldraError(
                f"Registry {host} refuses docker's credentials for it, or has none to ask.\n{said}",
                hint=f"docker login {host}",
            ) from error
        if _UNREACHABLE.search(said):
            raise KaldraError(
                f"Registry {host} cannot be reached.\n{said}",
                hint=f"Check the name, the network and its certificate: curl https://{host}/v2/",
            ) from error
        raise


def push(image: str, *words: str, each_line: Callable[[str], object] | None = None) -> str:
    """Push an image by a docker command; returns the digest of what the registry has."""
    what = f"Pushing {image}"
    said = docker(image, *words, image, what=what, each_line=each_line)
    digests = _DIGEST.findall(said)
    if not digests:
        raise KaldraError(f"{what} ended without a digest:\n{said[-300:]}")
    return str(digests[-1])
