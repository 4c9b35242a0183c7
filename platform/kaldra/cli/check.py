"""Asking the gateway whether it serves."""

import http.client
import json
import time
from urllib.parse import urlsplit

from kaldra.cli.ui import Console
from kaldra.errors import KaldraError

ATTEMPT_SECONDS = 2.0
WAIT_SECONDS = 60.0


def status(url: str) -> str:
    """One GET /status/; returns the body. Raises OSError where there is no good answer."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=ATTEMPT_SECONDS)
    try:
        connection.request("GET", "/status/")
        response = connection.getresponse()
        body = response.read().decode(errors="replace")
    except http.client.HTTPException as error:
        raise OSError(f"{type(error).__name__} {error}") from error
    finally:
        connection.close()
    if response.status != http.HTTPStatus.OK:
        raise OSError(f"HTTP {response.status}")
    return body


def wait_for_status(url: str, console: Console, seconds: float = WAIT_SECONDS) -> str:
    """Ask until the gateway answers; returns its answer.

    Raises KaldraError with the last refusal when it does not in time.
    """
    deadline = time.monotonic() + seconds
    with console.step(f"GET {url}/status/") as step:
        while True:
            try:
                body = status(url)
            except OSError as error:
                if time.monotonic() > deadline:
                    raise KaldraError(
                        f"{url}/status/ does not answer: {error}.", hint="./kaldra logs"
                    ) from None
                step.update(str(error))
                time.sleep(0.2)
                continue
            step.done(str(json.loads(body).get("status", "")))
            return body
