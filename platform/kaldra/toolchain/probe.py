"""Which way tools come to this machine: from their publishers, or from package registries."""

import os
import socket
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from functools import cache
from urllib.parse import urlsplit

from kaldra.errors import ConfigurationError

PROBE_SECONDS = 2.0
PUBLISHERS = ("https://get.pulumi.com", "https://github.com", "https://registry-1.docker.io")
"""One of each kind we need; where one is missing, the registries' route serves everything."""


class Route(Enum):
    """How a tool that is not on the machine is had."""

    PUBLISHER = "publisher"
    """The publisher's pinned release."""
    REGISTRIES = "registries"
    """Built from the package registries of Go, Python and Debian."""


@cache
def route() -> Route:
    """Probe once; `KALDRA_ROUTE` decides instead where it is set.

    Raises ConfigurationError when that names no route.
    """
    given = os.environ.get("KALDRA_ROUTE")
    if given:
        try:
            return Route(given)
        except ValueError:
            known = " or ".join(r.value for r in Route)
            raise ConfigurationError(
                f"KALDRA_ROUTE={given} names no route.", hint=f"Set it to {known}, or unset it."
            ) from None
    with ThreadPoolExecutor(len(PUBLISHERS)) as pool:
        reached = list(pool.map(_reachable, PUBLISHERS))
    return Route.PUBLISHER if all(reached) else Route.REGISTRIES


def _reachable(address: str) -> bool:
    parts = urlsplit(address)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), timeout=PROBE_SECONDS).close()
    except OSError:
        return False
    return True
