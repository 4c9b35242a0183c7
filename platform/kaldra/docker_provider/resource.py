"""What the resource types share: the engine, messages, defaults."""

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from pulumi.provider.experimental.provider import CheckFailure

from kaldra.docker_provider.messages import Messages
from kaldra.docker_provider.values import DEFAULTS, Props, Values
from kaldra.errors import KaldraError
from kaldra.toolchain import docker_client

if TYPE_CHECKING:
    from docker import APIClient

UNSUPPORTED = "is not supported by the substitute docker plugin"


class PartialFailureError(KaldraError):
    """The resource exists but is not as it should be; the engine keeps its state and tries again.

    `reasons` are shown one by one. The provider adds the values with their secrets.
    """

    state: Values | None = None
    inputs: Values | None = None

    def __init__(self, reasons: list[str], plain: Props | None = None, id_: str = "") -> None:
        super().__init__("\n".join(reasons))
        self.reasons, self.plain, self.id = reasons, plain or {}, id_


class Tools:
    """The engine that the provider's settings select, and what else all resources work with."""

    messages: Messages
    """Set when the server starts."""

    def __init__(self) -> None:
        self.settings: Props = {}
        self.cancelled = threading.Event()

    @property
    def overrides(self) -> dict[str, str]:
        """Environment variables that select the engine; none where the settings name none."""
        host, context = self.settings.get("host"), self.settings.get("context")
        found: dict[str, str] = {}
        if host or context:
            found = {"DOCKER_HOST": str(host or ""), "DOCKER_CONTEXT": str(context or "")}
        if certificates := self.settings.get("certPath"):
            found |= {"DOCKER_CERT_PATH": str(certificates), "DOCKER_TLS_VERIFY": "1"}
        return found

    @cached_property
    def engine(self) -> "APIClient":
        """The Docker Engine, connected on first use."""
        return docker_client.connect(self.overrides)


class Resource:
    """One resource of a program; its methods work on plain values."""

    def __init__(self, tools: Tools, urn: str, secrets: frozenset[str]) -> None:
        self.tools, self.urn = tools, urn
        self.secrets = secrets
        """Every secret text of the inputs."""
        self.status = partial(tools.messages.status, urn)
        self.info = partial(tools.messages.info, urn)

    @property
    def engine(self) -> "APIClient":
        """The Docker Engine."""
        return self.tools.engine

    def find(self, kind: str, name: str) -> dict[str, Any] | None:
        """A container, image or network as the engine describes it; None where it is missing."""
        from docker.errors import NotFound  # noqa: PLC0415  as in docker_client

        try:
            return dict(getattr(self.engine, f"inspect_{kind}")(name))
        except NotFound:
            return None


def with_defaults(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> Props:
    """`given` completed by `defaults`, those taken listed under `__defaults`.

    As with the official plugin, a default that is false, zero or empty is left out.
    """
    taken = {key: value for key, value in defaults.items() if key not in given and value}
    return {DEFAULTS: sorted(taken), **given, **taken}


def failures(
    inputs: Props, supported: Collection[str], required: Iterable[str]
) -> Iterator[CheckFailure]:
    """What this plugin would have to ignore, and what it needs."""
    for key in sorted(key for key, value in inputs.items() if value and key not in supported):
        yield CheckFailure(key, UNSUPPORTED)
    for key in required:
        if not inputs.get(key):
            yield CheckFailure(key, "is required")


def labels(pairs: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """`[{label, value}]` as the engine's mapping."""
    return {str(pair["label"]): str(pair["value"]) for pair in pairs}
