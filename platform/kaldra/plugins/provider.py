"""What a provider has to implement; `serve` translates between this and the protocol.

Errors are raised, as KaldraError: the message reaches the user under the resource's name. What is
secret in the inputs or the state of any call is masked in it.
"""

import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from enum import Enum

from kaldra.errors import KaldraError
from kaldra.plugins.diffs import Diff
from kaldra.plugins.host import Host
from kaldra.plugins.values import Props


class Naming(Enum):
    """How strongly the engine's proposal for an automatic name binds."""

    PROPOSE = 0
    ENFORCE = 1
    DISABLE = 2


@dataclass(frozen=True)
class Autonaming:
    """The engine's own idea of an automatic name, where the project configures one."""

    mode: Naming
    proposed: str = ""


@dataclass(frozen=True)
class Resource:
    """The resource a call is about; `type` is its token, `name` the program's name for it.

    `ignored` are the property paths whose changes the program says to ignore; the engine has put
    their old values into the new inputs already.
    """

    urn: str
    type: str
    name: str
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class Failure:
    """An input that cannot be right; `property` is its path ("" is the resource itself)."""

    property: str
    reason: str


@dataclass(frozen=True)
class Checked:
    """Inputs with everything filled in, or what is wrong with them."""

    inputs: Props
    failures: list[Failure] = field(default_factory=list)


@dataclass(frozen=True)
class Found:
    """A resource as it is now: state and the inputs that would produce it."""

    id: str
    state: Props
    inputs: Props


class InitError(KaldraError):
    """The resource exists, but did not become what it should be; its state is kept.

    `reasons` are shown one by one. The engine tries the resource again on the next update.
    """

    def __init__(self, found: Found, reasons: list[str]) -> None:
        super().__init__("\n".join(reasons))
        self.found = found
        self.reasons = reasons


class UnknownTypeError(KaldraError):
    """A resource type this provider does not cover."""

    def __init__(self, resource_type: str, provider: str) -> None:
        super().__init__(
            f"The substitute {provider} plugin does not cover {resource_type}.",
            hint=f"Install the official plugin where it can be had: pulumi plugin install "
            f"resource {provider}",
        )


class Provider(ABC):
    """One provider process. Calls come from many threads at once."""

    name: str
    version: str

    def __init__(self, host: Host) -> None:
        self.host = host
        self.cancelled = threading.Event()
        """Set once the user gives up: every wait ends as soon as it can."""

    def check_config(self, news: Props) -> Checked:
        """Check the provider's own settings; may contain unknowns."""
        return Checked(news)

    def diff_config(self, olds: Props, news: Props) -> Diff:  # noqa: ARG002  for subclasses
        """Compare the provider's settings. A replacement replaces every resource of it."""
        return Diff()

    @abstractmethod
    def configure(self, settings: Props) -> None:
        """Take the settings. Called once, before anything below; contacts nobody."""

    @abstractmethod
    def check(
        self,
        resource: Resource,
        olds: Props,
        news: Props,
        seed: bytes,
        autonaming: Autonaming | None,
    ) -> Checked:
        """Fill in defaults and name what cannot be right.

        `olds` are the last inputs ({} when new); `seed` is the same in preview and update.
        """

    @abstractmethod
    def diff(
        self, resource: Resource, id_: str, old_inputs: Props, old_state: Props, news: Props
    ) -> Diff:
        """Tell what an update to the checked inputs `news` would change."""

    @abstractmethod
    def create(
        self, resource: Resource, inputs: Props, *, timeout: float, preview: bool
    ) -> tuple[str, Props]:
        """Make it; returns id and state. `timeout` in seconds, 0 is unset.

        In a preview nothing is made, the id is "" and unknown state is UNKNOWN.
        """

    @abstractmethod
    def read(self, resource: Resource, id_: str, inputs: Props, state: Props) -> Found | None:
        """Look at it as it is now; None when it is gone. `inputs` is {} on an import."""

    @abstractmethod
    def update(  # noqa: PLR0913  the protocol's
        self,
        resource: Resource,
        id_: str,
        old_inputs: Props,
        old_state: Props,
        news: Props,
        *,
        timeout: float,
        preview: bool,
    ) -> Props:
        """Change it in place; returns the new state."""

    @abstractmethod
    def delete(
        self, resource: Resource, id_: str, inputs: Props, state: Props, *, timeout: float
    ) -> None:
        """Take it away and wait until it is gone; no error when it already is."""
