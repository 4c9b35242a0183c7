"""The security rules of every object on Kubernetes: pure functions over plain manifests.

Each rule yields what is wrong. `./kaldra lint` checks what the stacks render.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kaldra.rules import pod_security, stack, workloads
from kaldra.rules.objects import Object, identity, pod_of

POD_RULES = {**pod_security.RULES, **workloads.POD_RULES}
OBJECT_RULES = workloads.OBJECT_RULES
STACK_RULES = {**stack.RULES, **stack.RELEASED_RULES}


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
    released = stack.is_released(objects)
    for rule, stack_check in (STACK_RULES if released else stack.RULES).items():
        found += [Fault(identity(obj), rule, message) for obj, message in stack_check(objects)]
    return found


def check_object(obj: Object) -> Iterator[Fault]:
    """Faults of one object by itself."""
    name, pod = identity(obj), pod_of(obj)
    if pod is not None:
        for rule, pod_check in POD_RULES.items():
            for message in pod_check(pod):
                yield Fault(name, rule, message)
    for rule, object_check in OBJECT_RULES.items():
        for message in object_check(obj):
            yield Fault(name, rule, message)
