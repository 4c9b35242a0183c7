"""What `./kaldra doctor` says of one thing."""

from dataclasses import dataclass
from typing import Literal

Repair = Literal["tools", "cluster", "lock", "pending", "disk"]
"""A step of `./kaldra doctor --fix`."""


@dataclass(frozen=True)
class Finding:
    """One line of the doctor; everything is well where `problem` is empty."""

    name: str
    version: str = ""
    where: str = ""
    """Path, address or reference."""
    route: str = ""
    """How it came here: found, publisher, registries; empty where that says nothing."""
    problem: str = ""
    fix: str = ""
    """The next command to type."""
    repair: Repair | None = None
    """What `doctor --fix` does about it; None where only a person can decide."""
