"""What a registry on this machine holds: one question per image, no credentials."""

import http.client
from urllib.parse import quote

from kaldra.plugins.docker.credentials import plain_server

_TIMEOUT_SECONDS = 1.0
_ACCEPT = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
)


def is_local(server: str) -> bool:
    """Whether a registry is on this machine, where Docker takes it without TLS."""
    host = plain_server(server).rpartition(":")[0] or plain_server(server)
    return host == "localhost" or host.startswith("127.") or host == "[::1]"


def split(image: str) -> tuple[str, str, str]:
    """Server, repository and tag or digest of a full image name; the tag is `latest` by default."""
    server, _, rest = image.partition("/")
    repository, at, digest = rest.partition("@")
    if at:
        return server, repository, digest
    repository, _, tag = rest.partition(":")
    return server, repository, tag or "latest"


def digest_of(image: str, timeout: float = _TIMEOUT_SECONDS) -> str | None:
    """Digest of the manifest an image name leads to; "" when the registry has none.

    None when the registry cannot tell: not on this machine, not running, refusing, or with no
    answer in `timeout` seconds.
    """
    server, repository, reference = split(image)
    if not is_local(server):
        return None
    host, _, port = server.rpartition(":")
    connection = http.client.HTTPConnection(
        host or server, int(port) if port.isdigit() else 80, timeout=timeout
    )
    try:
        connection.request(
            "HEAD",
            f"/v2/{quote(repository)}/manifests/{reference}",
            headers={"Accept": ", ".join(_ACCEPT)},
        )
        response = connection.getresponse()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    if response.status == http.HTTPStatus.NOT_FOUND:
        return ""
    if response.status != http.HTTPStatus.OK:
        return None
    return response.headers.get("Docker-Content-Digest")
