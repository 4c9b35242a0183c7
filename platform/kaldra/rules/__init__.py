"""The security rules of every object on Kubernetes: pure functions over plain manifests.

They yield what is wrong, under the name of a rule. `./kaldra lint` checks what the stacks render.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kaldra.rules import pod_security, workloads
from kaldra.rules.objects import Object, pod_of

_OWN_MACHINE = re.compile(r"^(localhost|127\.[0-9.]+|\[::1\])(:\d+)?/")


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
    pods = [pod_of(obj) for obj in objects]
    images = [c.get("image") for pod in pods if pod for _, c in pod.containers()]
    released = not all(_OWN_MACHINE.match(str(image)) for image in images)
    found = []
    for obj, pod in zip(objects, pods, strict=True):
        metadata = obj["metadata"]
        name = "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))
        for rule, message in (
            *(pod_security.faults(pod) if pod else ()),
            *workloads.faults(obj, objects, released=released),
        ):
            found.append(Fault(f"{obj['kind']} {name}", rule, message))
    return found
