"""One HTTP request, never through a proxy: to this machine, or to what a stack file names."""

import http.client
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit


def request(
    url: str,
    *,
    timeout: float,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    authority: str | None = None,
) -> tuple[int, bytes]:
    """Status and body of the response; raises OSError where there is none.

    `timeout` is in seconds; `authority` the PEM text that a certificate is checked against, by
    default the system's.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    if parts.scheme == "https":
        context = ssl.create_default_context(cadata=authority)
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, port, timeout=timeout, context=context
        )
    else:
        connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request(method, parts.path, headers=dict(headers or {}))
        response = connection.getresponse()
        return response.status, response.read()
    except http.client.HTTPException as error:
        raise OSError(f"{type(error).__name__} {error}") from error
    finally:
        connection.close()
