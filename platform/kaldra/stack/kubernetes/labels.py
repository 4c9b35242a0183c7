"""Labels of the platform's objects: Kubernetes' recommended ones."""

from kaldra.stack.services import PART_OF
from kaldra.stack.settings import VERSION

PLATFORM = {"app.kubernetes.io/part-of": PART_OF}
"""On every object."""


def of_service(name: str) -> dict[str, str]:
    """Labels of the objects and pods of one service."""
    return {
        **selector(name),
        **PLATFORM,
        "app.kubernetes.io/version": VERSION,
        "app.kubernetes.io/managed-by": "pulumi",
    }


def selector(name: str) -> dict[str, str]:
    """The labels that select a service's pods: they never change."""
    return {"app.kubernetes.io/name": name}
