"""What this platform asks of a workload beyond Pod Security."""

import re
from collections.abc import Iterator

from kaldra.rules.objects import LONG_RUNNING, Object, Pod, entry, kind_of

LOWEST_ID = 10000
"""Users and groups below may be somebody on the node."""

_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
_AMOUNTS = ("cpu", "memory", "ephemeral-storage")

Found = Iterator[tuple[str, str]]
"""Name of the rule, and what is wrong."""


def pod_faults(pod: Pod) -> Found:
    """What is wrong with a pod."""
    if pod.spec.get("automountServiceAccountToken") is not False:
        message = "its pods get a token of the cluster: automountServiceAccountToken is not false"
        yield "no-token", message
    if pod.spec.get("serviceAccountName") in (None, "", "default"):
        yield "own-account", "its pods have no service account of their own"
    for name, container in pod.containers():
        yield from _container(name, container, pod)
    for name, container in pod.containers("initContainers", "containers"):
        for kind in ("requests", "limits"):
            given = entry(container, "resources", kind)
            if missing := [amount for amount in _AMOUNTS if not given.get(amount)]:
                yield "resources", f"container {name} has no {kind} of {', '.join(missing)}"
    for name, container in pod.containers("containers") if pod.kind in LONG_RUNNING else ():
        yield from _probes(name, container)


def _container(name: str, container: Object, pod: Pod) -> Found:
    if not _DIGEST.search(str(container.get("image") or "")):
        yield "image-digest", f"container {name} names its image by tag, not by digest"
    security = entry(container, "securityContext")
    if security.get("readOnlyRootFilesystem") is not True:
        yield "read-only-root", f"container {name} may write to its root file system"
    for field in ("runAsUser", "runAsGroup"):
        number = security.get(field, pod.security.get(field))
        if not isinstance(number, int | float) or number < LOWEST_ID:
            yield "run-as-high-uid", f"container {name} has no {field} of {LOWEST_ID} or above"
    whole = any(source.get("secretRef") for source in container.get("envFrom") or ())
    variables = container.get("env") or ()
    if whole or any(entry(one, "valueFrom").get("secretKeyRef") for one in variables):
        yield "secrets-in-files", f"container {name} gets a secret as environment, not as a file"


def _probes(name: str, container: Object) -> Found:
    for probe in ("readinessProbe", "livenessProbe"):
        if not container.get(probe):
            yield "probes", f"container {name} has no {probe}"
    ready, live = container.get("readinessProbe"), container.get("livenessProbe")
    if ready and live and _asked(ready) == _asked(live):
        yield "probes", f"container {name}: readinessProbe and livenessProbe ask the same"


def _asked(probe: Object) -> object:
    return [probe.get(action) for action in ("httpGet", "tcpSocket", "exec", "grpc")]


def object_faults(obj: Object) -> Found:
    """What is wrong with an object that makes no pods."""
    kind, spec = kind_of(obj), entry(obj, "spec")
    if kind in ("ConfigMap", "Secret") and obj.get("immutable") is not True:
        message = "it can be changed under running pods: immutable is not true"
        yield "immutable-configuration", message
    if kind == "Service" and spec.get("type") == "LoadBalancer":
        message = "it has an address of its own outside the cluster, past the ingress and its TLS"
        yield "not-published", message
    if kind == "Ingress":
        secured = {host for tls in spec.get("tls") or () for host in tls.get("hosts") or ()}
        hosts = {str(rule.get("host") or "") for rule in spec.get("rules") or ()}
        for host in sorted(hosts - secured):
            yield "ingress-tls", f"it serves {host or 'every host'} without TLS"
