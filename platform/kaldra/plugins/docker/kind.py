"""What each resource type of the plugin implements, and what all of them share."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kaldra.plugins.diffs import Diff
from kaldra.plugins.docker.engine import Engine
from kaldra.plugins.host import Host
from kaldra.plugins.provider import Checked, Found, Resource
from kaldra.plugins.values import Props


@dataclass(frozen=True)
class Tools:
    """What the resource types work with."""

    engine: Engine
    host: Host
    cancelled: threading.Event
    registry_auth: Sequence[Mapping[str, Any]] = ()


class Kind(ABC):
    """One resource type. Arguments and results are those of `Provider`."""

    def __init__(self, tools: Tools) -> None:
        self.engine = tools.engine
        self.host = tools.host
        self.cancelled = tools.cancelled
        self.registry_auth = tools.registry_auth

    @abstractmethod
    def check(self, news: Props, name: str | None) -> Checked:
        """Fill in defaults, `name` for one that has none, and tell what cannot be right."""

    @abstractmethod
    def diff(
        self, resource: Resource, id_: str, old_inputs: Props, old_state: Props, news: Props
    ) -> Diff:
        """Compare what is wanted with the state and with what is there.

        What was changed by others is told in a message: the state alone would not explain it.
        """

    @abstractmethod
    def create(self, resource: Resource, inputs: Props, *, preview: bool) -> tuple[str, Props]:
        """Make it; id and state."""

    @abstractmethod
    def read(self, id_: str, inputs: Props, state: Props) -> Found | None:
        """Look at it as it is now."""

    @abstractmethod
    def update(self, resource: Resource, id_: str, news: Props, *, preview: bool) -> Props:
        """Change it in place; its state."""

    @abstractmethod
    def delete(self, id_: str, inputs: Props, state: Props) -> None:
        """Take it away."""
