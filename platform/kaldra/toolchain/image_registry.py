"""Names of images, and what the registries that they lead to hold, asked through the engine."""

from typing import Any


def server(image: str) -> str:
    """The registry of an image name: `localhost:5001` of `localhost:5001/kaldra-api:dev`."""
    first, slash, _ = image.partition("/")
    named = slash and ("." in first or ":" in first or first == "localhost")
    return first if named else "docker.io"


def is_local(server: str) -> bool:
    """Whether a registry is on this machine, where Docker uses it without TLS."""
    host = server.partition("://")[2] or server
    name = host.partition("/")[0].rpartition(":")[0] or host
    return name in ("localhost", "[::1]") or name.startswith("127.")


def digest(api: Any, image: str) -> str | None:
    """Digest of the manifest that an image name leads to; "" when the registry has none.

    `api` is the engine's client, which asks the registry.
    None when the registry cannot tell: it is not on this machine, does not run, or refuses.
    """
    from docker.errors import APIError, NotFound  # noqa: PLC0415  slow to import

    if not is_local(server(image)):
        return None
    try:
        return str(api.inspect_distribution(image)["Descriptor"]["digest"])
    except NotFound:
        return ""
    except APIError:
        return None
