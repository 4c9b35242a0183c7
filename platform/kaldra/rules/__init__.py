"""The security rules of whatever the platform runs on Kubernetes: one definition.

Two callers: `./kaldra lint`, over what is rendered, and the policy pack in platform/policy, over
what Pulumi is about to deploy. Pure functions over plain manifests.
"""

from collections.abc import Iterator, Sequence

from kaldra.rules import pod_security, stack, workloads
from kaldra.rules.model import Fault, ObjectRule, PodRule, StackRule
from kaldra.rules.objects import Object, identity, pod_of

__all__ = [
    "OBJECT_RULES",
    "POD_RULES",
    "RELEASED_RULES",
    "STACK_RULES",
    "Fault",
    "check",
    "check_object",
]

POD_RULES: tuple[PodRule, ...] = (*pod_security.RULES, *workloads.POD_RULES)
OBJECT_RULES: tuple[ObjectRule, ...] = workloads.OBJECT_RULES
RELEASED_RULES: tuple[StackRule, ...] = stack.RELEASED_RULES
STACK_RULES: tuple[StackRule, ...] = (*stack.RULES, *RELEASED_RULES)


def check(objects: Sequence[Object]) -> list[Fault]:
    """Every fault of these manifests, which are all that a stack consists of.

    What holds only for what others use is left out where every image comes from the registry of
    the machine itself.
    """
    found = [fault for obj in objects for fault in check_object(obj)]
    return found + list(_check_stack(objects))


def check_object(obj: Object) -> Iterator[Fault]:
    """Faults of one object by itself."""
    name = identity(obj)
    pod = pod_of(obj)
    if pod is not None:
        for rule in POD_RULES:
            for message in rule.check(pod):
                yield Fault(name, rule.name, message)
    for object_rule in OBJECT_RULES:
        for message in object_rule.check(obj):
            yield Fault(name, object_rule.name, message)


def _check_stack(objects: Sequence[Object]) -> Iterator[Fault]:
    released = stack.is_released(stack.images_of(objects))
    for rule in STACK_RULES if released else stack.RULES:
        for obj, message in rule.check(objects):
            yield Fault(identity(obj), rule.name, message)
