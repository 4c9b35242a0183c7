"""The Docker Engine through the docker SDK: the same engine that the `docker` program uses.

`DOCKER_HOST`, docker contexts and TLS are read by the SDK. It is imported on first use, because
that costs about 0.2 s.
"""

import contextlib
import functools
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from kaldra import variables
from kaldra.errors import ConfigurationError, KaldraError

if TYPE_CHECKING:
    from docker import APIClient

Condition = Literal["absent", "running", "paused", "stopped"]
TIMEOUT_SECONDS = 60
"""For one response of the engine; it creates, stops and deletes within it."""


class UnavailableError(KaldraError):
    """No engine answers."""


def connect(overrides: Mapping[str, str] | None = None) -> "APIClient":
    """Connect to the engine; `overrides` replace environment variables such as `DOCKER_HOST`.

    Raises ConfigurationError for an unknown context or an unusable address, UnavailableError when
    no engine answers.
    """
    import docker  # noqa: PLC0415  see the module's docstring

    environment = {**os.environ, **(overrides or {})}
    context = environment.get("DOCKER_CONTEXT") or None
    try:
        if not environment.get("DOCKER_HOST") and docker.ContextAPI.get_context(context) is None:
            raise ConfigurationError(
                f"The docker context {context or 'that is selected'} does not exist.",
                hint="docker context ls",
            )
        found = docker.DockerClient.from_env(environment=environment, timeout=TIMEOUT_SECONDS)
    except docker.errors.TLSParameterError:
        raise ConfigurationError(
            "The certificates for the Docker Engine are not where they are expected: ca.pem, "
            f"cert.pem and key.pem in {environment.get('DOCKER_CERT_PATH') or '~/.docker'}.",
            hint="export DOCKER_CERT_PATH=/folder/with/them, or: unset DOCKER_TLS_VERIFY",
        ) from None
    except (docker.errors.DockerException, OSError, ValueError) as error:
        raise explained(error, environment.get("DOCKER_HOST", "")) from error
    return found.api


@contextlib.contextmanager
def engine() -> Iterator["APIClient"]:
    """The engine's API client; its errors are raised as KaldraError."""
    api = _shared()
    import docker  # noqa: PLC0415  see the module's docstring

    try:
        yield api
    except (docker.errors.DockerException, OSError) as error:
        raise explained(error) from error


@functools.cache
def _shared() -> "APIClient":
    return connect()


def disconnect() -> None:
    """Close the shared connection: the next use connects again, by the environment then."""
    if _shared.cache_info().currsize:
        _shared().close()
        _shared.cache_clear()


def address() -> str:
    """Address of the engine, as in `DOCKER_HOST`."""
    import docker  # noqa: PLC0415  see the module's docstring

    found = docker.ContextAPI.kwargs_from_context().get("base_url")
    return variables.DOCKER_HOST.value or str(found or "unix:///var/run/docker.sock")


def explained(error: Exception, host: str = "") -> KaldraError:
    """The KaldraError for an error of the SDK: a refusal, no engine, or no response in time."""
    import docker  # noqa: PLC0415  see the module's docstring
    import requests  # noqa: PLC0415  the SDK's

    if isinstance(error, docker.errors.APIError):
        said = str(error.explanation or error)
        full = "address pool" in said
        return KaldraError(
            f"Docker refused: {said}",
            hint="docker network prune  (removes networks that no container uses)" if full else "",
        )
    where = host or address()
    cause = _root(error)
    if isinstance(cause, requests.exceptions.Timeout | TimeoutError):
        return KaldraError(
            f"The Docker Engine at {where} did not respond in time: this machine is overloaded, "
            "or the engine hangs.",
            hint="docker info; then run the same command again",
        )
    if isinstance(cause, PermissionError):
        return KaldraError(
            f"The Docker Engine at {where} runs, but this user may not access it.",
            hint='sudo usermod -aG docker "$USER", then log in again',
        )
    if isinstance(cause, OSError):
        return UnavailableError(
            f"No Docker Engine answers at {where}: {cause}", hint="./kaldra doctor"
        )
    over_ssh = where.startswith("ssh:")
    if host or over_ssh:
        reason = "engines over SSH are not supported" if over_ssh else cause
        return ConfigurationError(
            f"The Docker Engine's address {where} cannot be used: {reason}.",
            hint="unset DOCKER_HOST, or choose another context: docker context use default",
        )
    return KaldraError(f"Docker: {cause}")


def _root(error: BaseException) -> BaseException:
    """The error at the bottom of what requests and urllib3 wrapped around it."""
    inner = next((part for part in error.args if isinstance(part, BaseException)), None)
    inner = inner or error.__cause__ or getattr(error, "reason", None)
    return _root(inner) if isinstance(inner, BaseException) else error


def _found(method: str, name: str, **options: Any) -> dict[str, Any] | None:
    """Result of an API method about one object, or None where it does not exist."""
    import docker  # noqa: PLC0415  see the module's docstring

    with engine() as api, contextlib.suppress(docker.errors.NotFound):
        found: dict[str, Any] = getattr(api, method)(name, **options)
        return found
    return None


container = functools.partial(_found, "inspect_container")
image = functools.partial(_found, "inspect_image")
network = functools.partial(_found, "inspect_network")
volume = functools.partial(_found, "inspect_volume")
"""Each inspects one object by name; None where it is absent."""

remove_image = functools.partial(_found, "remove_image")
"""Untag an image; without tags left it is deleted. A missing image is not an error."""
remove_container = functools.partial(_found, "remove_container", force=True, v=True)
"""Stop and remove a container with its anonymous volumes. A missing one is not an error."""
remove_volume = functools.partial(_found, "remove_volume")
"""Remove a volume. A missing one is not an error."""


def image_id(reference: str) -> str | None:
    """Id of a local image, or None."""
    found = image(reference)
    return str(found["Id"]) if found else None


def is_local(server: str) -> bool:
    """Whether a registry is on this machine, where Docker uses it without TLS."""
    host = server.partition("://")[2] or server
    name = host.partition("/")[0].rpartition(":")[0] or host
    return name in ("localhost", "[::1]") or name.startswith("127.")


def registry_digest(api: Any, image: str) -> str | None:
    """Digest of the manifest that an image name leads to; "" when the registry has none.

    `api` is the engine's client, which asks the registry.
    None when the registry cannot tell: it is not on this machine, does not run, or refuses.
    """
    from docker.auth import resolve_repository_name  # noqa: PLC0415  see the module's docstring
    from docker.errors import APIError, NotFound  # noqa: PLC0415  as above

    if not is_local(resolve_repository_name(image)[0]):
        return None
    try:
        return str(api.inspect_distribution(image)["Descriptor"]["digest"])
    except NotFound:
        return ""
    except APIError:
        return None


def archive(name: str, path: str) -> bytes | None:
    """A file or folder of a container, running or not, as a tar archive; None where missing."""
    import docker  # noqa: PLC0415  see the module's docstring

    with engine() as api, contextlib.suppress(docker.errors.NotFound):
        stream, _ = api.get_archive(name, path)
        return b"".join(stream)
    return None


def containers(*labels: str, everything: bool = True) -> list[dict[str, Any]]:
    """Containers with all the labels (`key` or `key=value`)."""
    with engine() as api:
        return list(api.containers(all=everything, filters={"label": list(labels)}))


def execute(name: str, *command: str) -> str:
    """Standard output of a command in a running container; raises KaldraError where it fails."""
    with engine() as api:
        started = api.exec_create(name, list(command))["Id"]
        output, errors = api.exec_start(started, demux=True)
        code = api.exec_inspect(started)["ExitCode"]
    if code != 0:
        said = (errors or output or b"").decode(errors="replace").strip()
        raise KaldraError(f"{command[0]} in container {name} failed (exit code {code}): {said}")
    return (output or b"").decode()


def runs(found: Mapping[str, Any]) -> bool:
    """Whether an inspected container runs; a paused one answers nothing."""
    return bool(found["State"]["Running"]) and not found["State"].get("Paused")


def condition(found: Mapping[str, Any] | None) -> Condition:
    """What an inspected container does; None is one that does not exist."""
    if found is None:
        return "absent"
    if runs(found):
        return "running"
    return "paused" if found["State"]["Running"] else "stopped"


def start(name: str) -> None:
    """Start a stopped container, or resume a paused one."""
    paused = condition(container(name)) == "paused"
    with engine() as api:
        (api.unpause if paused else api.start)(name)
