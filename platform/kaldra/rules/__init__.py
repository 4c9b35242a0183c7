"""The security rules of every object on Kubernetes: pure functions over plain manifests.

`./kaldra lint` checks what the stacks render.
"""

import re
from collections.abc import Sequence

from kaldra.rules import pod_security, workloads
from kaldra.rules.objects import Object, pod_of

_OWN_MACHINE = re.compile(r"^(localhost|127\.[0-9.]+|\[::1\])(:\d+)?/")


def check(objects: Sequence[Object]) -> list[str]:
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
        broken = [*(pod_security.faults(pod) if pod else ())]
        broken += workloads.faults(obj, objects, released=released)
        found += [f"{obj['kind']} {name}: {message} ({rule})" for rule, message in broken]
    return found
