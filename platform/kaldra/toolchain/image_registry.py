"""What registries on this machine hold, asked through the engine."""

from typing import Any


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
    from docker.auth import resolve_repository_name  # noqa: PLC0415  slow to import
    from docker.errors import APIError, NotFound  # noqa: PLC0415  as above

    if not is_local(resolve_repository_name(image)[0]):
        return None
    try:
        return str(api.inspect_distribution(image)["Descriptor"]["digest"])
    except NotFound:
        return ""
    except APIError:
        return None
