"""What a rule is, and what it finds."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from kaldra.rules.objects import Object, Pod


@dataclass(frozen=True)
class Fault:
    """What is wrong with an object."""

    object: str
    """Kind, namespace and name."""
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.object}: {self.message} ({self.rule})"


@dataclass(frozen=True)
class PodRule:
    """A rule about any pod; `check` yields what is wrong with one."""

    name: str
    meaning: str
    check: Callable[[Pod], Iterable[str]]


@dataclass(frozen=True)
class ObjectRule:
    """A rule about one object by itself."""

    name: str
    meaning: str
    check: Callable[[Object], Iterable[str]]


@dataclass(frozen=True)
class StackRule:
    """A rule about objects together; `check` yields an object and what is wrong with it."""

    name: str
    meaning: str
    check: Callable[[Sequence[Object]], Iterable[tuple[Object, str]]]
