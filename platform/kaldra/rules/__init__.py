"""The security rules of every object on Kubernetes: pure functions over plain manifests.

They yield what is wrong, under the name of a rule. `./kaldra lint` checks what the stacks render.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kaldra.rules import pod_security, stack, workloads
from kaldra.rules.objects import Object, identity, pod_of


@dataclass(frozen=True)
class Fault:
    """What is wrong with an object."""

    object: str
    """Kind, namespace and name."""
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.object}: {self.message} ({self.rule})"


def check(objects: Sequence[Object]) -> list[Fault]:
    """Every fault of these manifests, which are all that a stack consists of.

    Rules for releases are left out where every image comes from a registry on this machine.
    """
    found = [fault for obj in objects for fault in check_object(obj)]
    together = stack.faults(objects)
    return found + [Fault(identity(obj), rule, message) for obj, rule, message in together]


def check_object(obj: Object) -> Iterator[Fault]:
    """Faults of one object by itself."""
    pod = pod_of(obj)
    of_pod = (*pod_security.faults(pod), *workloads.pod_faults(pod)) if pod else ()
    for rule, message in (*of_pod, *workloads.object_faults(obj)):
        yield Fault(identity(obj), rule, message)
