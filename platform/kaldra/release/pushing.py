"""Pushing with docker's own credentials, and what a registry's refusal means."""

import re
from collections.abc import Callable
from pathlib import Path

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


def push(local: str, remote: str, each_line: Callable[[str], None]) -> str:
    """Push a local image under its full name; returns the digest of what the registry has.

    KaldraError that tells an unreachable registry from refused credentials.
    """
    docker = docker_program()
    run([docker, "tag", local, remote], what=f"Naming {local} {remote}")
    return pushed_digest(
        [docker, "push", remote], f"Pushing {remote}", remote.partition("/")[0], each_line
    )


def pushed_digest(
    command: list[str | Path], what: str, host: str, each_line: Callable[[str], None]
) -> str:
    """Run a docker command that pushes, and return the last digest that it tells."""
    try:
        said = run(command, what=what, each_line=each_line)
    except KaldraError as error:
        raise explained(str(error), host) from error
    digests = _DIGEST.findall(said)
    if not digests:
        raise KaldraError(f"{what} ended without a digest:\n{said[-300:]}")
    return str(digests[-1])


def explained(said: str, host: str) -> KaldraError:
    """The error that docker's words amount to."""
    # Refused first: a registry that answers so was reached.
    if _REFUSED.search(said):
        return KaldraError(
            f"Registry {host} refuses docker's credentials for it, or has none to ask.\n{said}",
            hint=f"docker login {host}",
        )
    if _UNREACHABLE.search(said):
        return KaldraError(
            f"Registry {host} cannot be reached.\n{said}",
            hint=f"Check the name, the network and its certificate: curl https://{host}/v2/",
        )
    return KaldraError(said)
