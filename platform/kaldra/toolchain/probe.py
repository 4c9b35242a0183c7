"""Which way tools come to this machine: from their publishers, or from package registries."""

import json
import queue
import threading
import time
from contextlib import suppress
from enum import Enum
from functools import cache
from http.client import HTTPException

from kaldra import variables
from kaldra.errors import ConfigurationError
from kaldra.paths import home
from kaldra.toolchain.files import replace_text

PROBE_SECONDS = 2.0
REMEMBERED_SECONDS = 600
PUBLISHERS = ("https://get.pulumi.com", "https://github.com", "https://registry-1.docker.io/v2/")
"""One of each kind we need; where one is missing, the registries' route serves everything."""


class Route(Enum):
    """How a tool that is not on the machine is had."""

    PUBLISHER = "publisher"
    """The publisher's pinned release."""
    REGISTRIES = "registries"
    """Built from the package registries of Go, Python and Debian."""


@cache
def route() -> Route:
    """The route of this run: `KALDRA_ROUTE` where it is set, else a recent or a new probe.

    A machine that had its tools from the publishers stays with them while it is offline.
    Raises ConfigurationError when KALDRA_ROUTE names no route.
    """
    given = variables.ROUTE.value
    if given:
        try:
            return Route(given)
        except ValueError:
            known = " or ".join(r.value for r in Route)
            raise ConfigurationError(
                f"KALDRA_ROUTE={given} names no route.", hint=f"Set it to {known}, or unset it."
            ) from None
    last, age = _remembered()
    if last is not None and age < REMEMBERED_SECONDS:
        return last
    found = Route.PUBLISHER if publishers_reachable() else last or Route.REGISTRIES
    record = {"route": found.value, "probed": time.time()}
    replace_text(home() / "route.json", json.dumps(record))
    return found


def publishers_reachable() -> bool:
    """Ask each publisher once, all at the same time, for two seconds at most."""
    mirror = variables.PUBLISHERS_URL.value
    addresses = (mirror,) if mirror else PUBLISHERS
    answers: queue.SimpleQueue[bool] = queue.SimpleQueue()
    for address in addresses:
        # Daemons: looking a name up takes no time-out, and must not hold the process.
        threading.Thread(target=lambda a=address: answers.put(_answers(a)), daemon=True).start()
    deadline = time.monotonic() + PROBE_SECONDS
    with suppress(queue.Empty):
        return all(answers.get(timeout=max(0, deadline - time.monotonic())) for _ in addresses)
    return False


def _answers(address: str) -> bool:
    # Imported here: a run that remembers its route does without.
    import urllib.error  # noqa: PLC0415
    import urllib.request  # noqa: PLC0415

    request = urllib.request.Request(address, method="HEAD")  # noqa: S310  our own addresses
    try:
        urllib.request.urlopen(request, timeout=PROBE_SECONDS).close()  # noqa: S310  as above
    except urllib.error.HTTPError as error:
        error.close()
        # An image registry wants credentials first, a mirror need not serve its root; a 403 is
        # what a filtering proxy says.
        return error.code in (401, 404)
    except (OSError, HTTPException):
        return False
    return True


def _remembered() -> tuple[Route | None, float]:
    """The last route of this machine and how many seconds ago it was found."""
    try:
        record = json.loads((home() / "route.json").read_text(encoding="utf-8"))
        return Route(record["route"]), abs(time.time() - float(record["probed"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None, 0.0
